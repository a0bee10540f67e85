package dev.slipstream.startup;

import java.util.Collection;
import java.util.List;
import java.util.Optional;
import org.springframework.boot.context.properties.source.ConfigurationPropertyName;

/** What a user has set of a service's configuration, all of which is in order. */
public final class CheckedConfiguration {
  private final Settings settings;
  private final Collection<Object> records;

  /**
   * @param records of properties, as they are bound
   */
  CheckedConfiguration(Settings settings, Collection<Object> records) {
    this.settings = settings;
    this.records = List.copyOf(records);
  }

  /** A record of properties, with what is set and the defaults of everything else. */
  public <T> T bound(Class<T> type) {
    return records.stream().filter(type::isInstance).map(type::cast).findFirst().orElseThrow();
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
