package dev.slipstream.startup;

import static org.springframework.core.env.CommandLinePropertySource.COMMAND_LINE_PROPERTY_SOURCE_NAME;
import static org.springframework.core.env.StandardEnvironment.SYSTEM_PROPERTIES_PROPERTY_SOURCE_NAME;

import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.springframework.boot.context.properties.bind.DataObjectPropertyName;
import org.springframework.boot.context.properties.source.ConfigurationProperty;
import org.springframework.boot.context.properties.source.ConfigurationPropertyName;
import org.springframework.boot.context.properties.source.ConfigurationPropertySource;
import org.springframework.boot.context.properties.source.ConfigurationPropertySources;
import org.springframework.boot.context.properties.source.IterableConfigurationPropertySource;
import org.springframework.boot.origin.PropertySourceOrigin;
import org.springframework.boot.origin.SystemEnvironmentOrigin;
import org.springframework.core.env.ConfigurableEnvironment;
import org.springframework.core.io.support.ResourcePropertySource;

/** What is set, and by the names under which users know it. */
final class Settings {
  private static final Pattern SECRET =
      Pattern.compile(".*(password|secret|token|credentials|api-keys|uris|private-key)(\\[\\d+])?");

  private static final int LONGEST_VALUE = 100;

  private final ConfigurableEnvironment environment;

  Settings(ConfigurableEnvironment environment) {
    this.environment = environment;
  }

  boolean isSet(ConfigurationPropertyName name) {
    return find(name).isPresent();
  }

  Optional<ConfigurationProperty> find(ConfigurationPropertyName name) {
    return users()
        .flatMap(source -> Stream.ofNullable(source.getConfigurationProperty(name)))
        .findFirst();
  }

  /** The setting of that name, or any that is part of it. */
  Optional<ConfigurationProperty> findBelow(ConfigurationPropertyName name) {
    return find(name)
        .or(
            () ->
                users()
                    .filter(IterableConfigurationPropertySource.class::isInstance)
                    .map(IterableConfigurationPropertySource.class::cast)
                    .flatMap(
                        source ->
                            source.stream()
                                .filter(name::isAncestorOf)
                                .map(source::getConfigurationProperty))
                    .findFirst());
  }

  /** All but the services' own defaults. */
  private Stream<ConfigurationPropertySource> users() {
    return StreamSupport.stream(ConfigurationPropertySources.get(environment).spliterator(), false)
        .filter(source -> !(source.getUnderlyingSource() instanceof ResourcePropertySource));
  }

  /** Why a setting is of no use, as one line. */
  String refuse(ConfigurationPropertyName name, String reason) {
    return describe(name) + ": " + reason.replaceFirst("\\.$", "") + ".";
  }

  /**
   * Why settings are of no use together, as one line: those below {@code parent} that the reason
   * names.
   */
  String refuseTogether(ConfigurationPropertyName parent, String reason) {
    String named =
        Stream.of(reason.split("[ ,]+"))
            .filter(ConfigurationPropertyName::isValid)
            .map(parent::append)
            .filter(this::isSet)
            .map(this::describe)
            .distinct()
            .collect(Collectors.joining(", "));
    return (named.isEmpty() ? parent : named) + ": " + reason.replaceFirst("\\.$", "") + ".";
  }

  /** Where it was set, and to what unless that may be secret. */
  String describe(ConfigurationPropertyName name) {
    return find(name).map(Settings::describe).orElseGet(name::toString);
  }

  static String describe(ConfigurationProperty property) {
    String key = property.getName().toString();
    String value = SECRET.matcher(key).matches() ? "" : "=" + shown(property.getValue());
    return variable(property)
        .map(variable -> variable + value)
        .orElseGet(
            () ->
                switch (property.getOrigin()) {
                  case PropertySourceOrigin given when given.getOrigin() != null ->
                      "%s%s (%s)".formatted(key, value, given.getOrigin());
                  case PropertySourceOrigin given ->
                      switch (given.getPropertySource().getName()) {
                        case COMMAND_LINE_PROPERTY_SOURCE_NAME -> "--" + key + value;
                        case SYSTEM_PROPERTIES_PROPERTY_SOURCE_NAME -> "-D" + key + value;
                        default -> key + value;
                      };
                  case null, default -> key + value;
                });
  }

  private static String shown(Object value) {
    String line = String.valueOf(value).replaceAll("\\s+", " ");
    return line.length() <= LONGEST_VALUE ? line : line.substring(0, LONGEST_VALUE) + "...";
  }

  /** The environment variable that a setting comes from, if it does. */
  static Optional<String> variable(ConfigurationProperty property) {
    return property.getOrigin() instanceof PropertySourceOrigin given
            && given.getOrigin() instanceof SystemEnvironmentOrigin variable
        ? Optional.of(variable.getProperty())
        : Optional.empty();
  }

  /**
   * The name of a bean's property below a prefix: {@code kvCache.size} is {@code kv-cache.size}.
   */
  static ConfigurationPropertyName below(ConfigurationPropertyName prefix, String field) {
    return prefix.append(DataObjectPropertyName.toDashedForm(field));
  }
}
