package dev.slipstream.startup;

import java.util.Optional;
import org.springframework.boot.context.properties.source.ConfigurationPropertyName;

/** What a user has set of a service's configuration, all of which is in order. */
public final class CheckedConfiguration {
  private final Settings settings;

  CheckedConfiguration(Settings settings) {
    this.settings = settings;
  }

  /** The value of a key; nothing if it is left to its default. */
  public Optional<String> value(String key) {
    return settings
        .find(ConfigurationPropertyName.of(key))
        .map(property -> property.getValue().toString());
  }

  /** Where the key is set, or one below it, and to what; nothing if it is left to its default. */
  public Optional<String> description(String key) {
    return settings.findBelow(ConfigurationPropertyName.of(key)).map(Settings::describe);
  }
}
