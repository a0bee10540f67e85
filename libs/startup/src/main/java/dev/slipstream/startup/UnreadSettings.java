package dev.slipstream.startup;

import dev.slipstream.startup.SettingNames.Setting;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.springframework.boot.context.properties.source.ConfigurationPropertyName;
import org.springframework.boot.context.properties.source.ConfigurationPropertySource;
import org.springframework.boot.context.properties.source.ConfigurationPropertySources;
import org.springframework.boot.context.properties.source.IterableConfigurationPropertySource;
import org.springframework.core.env.ConfigurableEnvironment;
import org.springframework.core.env.SystemEnvironmentPropertySource;

/**
 * Finds what is set under a name that looks like one of a service's, but is none: it would have no
 * effect, and nobody would be told.
 */
final class UnreadSettings {
  /**
   * How Kubernetes tells a pod of the Services beside it, of which one may be slipstream-target.
   */
  private static final Pattern SERVICE_LINK =
      Pattern.compile(".*_(SERVICE_HOST|SERVICE_PORT(_.*)?|PORT(_\\d+_(TCP|UDP)(_\\w+)?)?)");

  private final List<Setting> known;
  private final Set<ConfigurationPropertyName> roles;

  /**
   * @param known all settings of one role or several
   */
  UnreadSettings(List<Setting> known) {
    this.known = known;
    this.roles = known.stream().map(setting -> setting.name().chop(2)).collect(Collectors.toSet());
  }

  /**
   * @throws ConfigurationException naming one that nobody reads
   */
  void refuse(ConfigurableEnvironment environment) {
    for (ConfigurationPropertySource source : ConfigurationPropertySources.get(environment)) {
      Optional<ConfigurationException> unread =
          source.getUnderlyingSource() instanceof SystemEnvironmentPropertySource variables
              ? unreadVariable(source, variables)
              : unreadProperty(source);
      if (unread.isPresent()) {
        throw unread.get();
      }
    }
  }

  private Optional<ConfigurationException> unreadProperty(ConfigurationPropertySource source) {
    if (!(source instanceof IterableConfigurationPropertySource properties)) {
      return Optional.empty();
    }
    return properties.stream()
        .filter(name -> roles.stream().anyMatch(role -> role.isAncestorOf(name)))
        .filter(name -> known.stream().noneMatch(setting -> setting.covers(name)))
        .map(source::getConfigurationProperty)
        .map(
            unread ->
                refusal(Settings.describe(unread), unread.getName().toString(), Object::toString))
        .findFirst();
  }

  /** A key has several variables; which of them count, only a look for the key tells. */
  private Optional<ConfigurationException> unreadVariable(
      ConfigurationPropertySource source, SystemEnvironmentPropertySource variables) {
    Set<String> read = new HashSet<>();
    for (Setting setting : known) {
      setting.in(source).flatMap(set -> Settings.variable(set).stream()).forEach(read::add);
    }
    return Arrays.stream(variables.getPropertyNames())
        .filter(name -> roles.stream().anyMatch(role -> name.startsWith(variable(role) + "_")))
        .filter(name -> !read.contains(name) && !SERVICE_LINK.matcher(name).matches())
        .sorted()
        .map(name -> refusal(name, name, UnreadSettings::variable))
        .findFirst();
  }

  private ConfigurationException refusal(
      String described, String name, Function<ConfigurationPropertyName, String> spelling) {
    List<String> names = known.stream().map(setting -> spelling.apply(setting.name())).toList();
    return new ConfigurationException(
        "%s: there is no such setting%s"
            .formatted(
                described,
                Spelling.nearest(name, names).map("; did you mean %s?"::formatted).orElse(".")));
  }

  /** As documented: dots become underscores, dashes go. */
  private static String variable(ConfigurationPropertyName name) {
    return name.toString().replace('.', '_').replace("-", "").toUpperCase(Locale.ROOT);
  }
}
