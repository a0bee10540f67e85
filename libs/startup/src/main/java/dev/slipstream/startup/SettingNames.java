package dev.slipstream.startup;

import java.lang.reflect.RecordComponent;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Objects;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.springframework.beans.factory.ListableBeanFactory;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.source.ConfigurationProperty;
import org.springframework.boot.context.properties.source.ConfigurationPropertyName;
import org.springframework.boot.context.properties.source.ConfigurationPropertySource;

/** The names of Slipstream's own settings, as the records say that are bound to them. */
final class SettingNames {
  private static final ConfigurationPropertyName OURS = ConfigurationPropertyName.of("slipstream");

  /**
   * @param type of its value
   */
  record Setting(ConfigurationPropertyName name, Class<?> type) {
    /** Whether it has elements, with names of their own. */
    private boolean isCollection() {
      return Collection.class.isAssignableFrom(type);
    }

    boolean covers(ConfigurationPropertyName other) {
      return name.equals(other) || (isCollection() && name.isAncestorOf(other));
    }

    /** What is set of it. */
    Stream<ConfigurationProperty> in(ConfigurationPropertySource source) {
      Stream<ConfigurationProperty> whole =
          Stream.ofNullable(source.getConfigurationProperty(name));
      return isCollection()
          ? Stream.concat(
              whole,
              IntStream.iterate(0, i -> i + 1)
                  .mapToObj(i -> source.getConfigurationProperty(name.append("[" + i + "]")))
                  .takeWhile(Objects::nonNull))
          : whole;
    }
  }

  private SettingNames() {}

  /** Those of the records of properties that are beans. */
  static List<Setting> of(ListableBeanFactory beans) {
    List<Setting> settings = new ArrayList<>();
    for (String bean : beans.getBeanNamesForAnnotation(ConfigurationProperties.class)) {
      Class<?> type = beans.getType(bean, false);
      ConfigurationProperties properties =
          beans.findAnnotationOnBean(bean, ConfigurationProperties.class, false);
      if (type != null && properties != null && type.isRecord()) {
        ConfigurationPropertyName prefix = ConfigurationPropertyName.of(properties.value());
        if (OURS.isAncestorOf(prefix)) {
          add(prefix, type, settings);
        }
      }
    }
    return settings;
  }

  private static void add(ConfigurationPropertyName prefix, Class<?> record, List<Setting> all) {
    for (RecordComponent component : record.getRecordComponents()) {
      ConfigurationPropertyName name = Settings.below(prefix, component.getName());
      Class<?> type = component.getType();
      if (type.isRecord()) {
        add(name, type, all);
      } else {
        all.add(new Setting(name, type));
      }
    }
  }
}
