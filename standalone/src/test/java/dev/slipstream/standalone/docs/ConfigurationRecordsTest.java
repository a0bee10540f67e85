package dev.slipstream.standalone.docs;

import static org.assertj.core.api.Assertions.assertThat;

import dev.slipstream.standalone.chart.ServiceKeys;
import java.lang.reflect.RecordComponent;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.boot.context.properties.bind.DataObjectPropertyName;
import org.springframework.boot.context.properties.source.ConfigurationPropertySource;
import org.springframework.core.env.StandardEnvironment;
import org.springframework.core.env.SystemEnvironmentPropertySource;
import org.springframework.util.unit.DataSize;

/**
 * Whether every key of every service does what it is documented to do when it is set as an
 * environment variable: changes that value and no other. What a key is without it, the generated
 * tables hold.
 */
class ConfigurationRecordsTest {
  static Stream<Class<?>> records() {
    return Stream.of("gateway", "target", "draft", "kv")
        .flatMap(service -> ServiceKeys.records("dev.slipstream." + service).stream());
  }

  @ParameterizedTest
  @MethodSource("records")
  void aVariableChangesItsOwnValueAndNoOther(Class<?> type) {
    String prefix = type.getAnnotation(ConfigurationProperties.class).value();
    Map<String, Object> defaults = values(prefix, bound(prefix, type, Map.of()));
    assertThat(defaults).isNotEmpty();
    Map<String, Class<?>> types = types(prefix, type);
    types.forEach(
        (key, component) -> {
          String variable = key.replace('.', '_').replace("-", "").toUpperCase(Locale.ROOT);
          String other = other(component, defaults.get(key));
          Map<String, Object> changed =
              values(prefix, bound(prefix, type, Map.of(variable, other)));
          assertThat(changed.get(key)).as(variable + "=" + other).isNotEqualTo(defaults.get(key));
          Map<String, Object> expected = new LinkedHashMap<>(defaults);
          expected.put(key, changed.get(key));
          assertThat(changed).as(variable).isEqualTo(expected);
        });
  }

  private static Object bound(String prefix, Class<?> type, Map<String, Object> variables) {
    var source =
        new SystemEnvironmentPropertySource(
            StandardEnvironment.SYSTEM_ENVIRONMENT_PROPERTY_SOURCE_NAME, variables);
    return new Binder(ConfigurationPropertySource.from(source)).bindOrCreate(prefix, type);
  }

  private static Map<String, Class<?>> types(String prefix, Class<?> type) {
    Map<String, Class<?>> types = new LinkedHashMap<>();
    for (RecordComponent component : type.getRecordComponents()) {
      String key = prefix + "." + DataObjectPropertyName.toDashedForm(component.getName());
      if (component.getType().isRecord()) {
        types.putAll(types(key, component.getType()));
      } else {
        types.put(key, component.getType());
      }
    }
    return types;
  }

  private static Map<String, Object> values(String prefix, Object record) {
    Map<String, Object> values = new LinkedHashMap<>();
    for (RecordComponent component : record.getClass().getRecordComponents()) {
      String key = prefix + "." + DataObjectPropertyName.toDashedForm(component.getName());
      Object value = value(component, record);
      if (component.getType().isRecord()) {
        values.putAll(values(key, value));
      } else {
        values.put(key, value);
      }
    }
    return values;
  }

  private static Object value(RecordComponent component, Object record) {
    try {
      component.getAccessor().setAccessible(true);
      return component.getAccessor().invoke(record);
    } catch (ReflectiveOperationException e) {
      throw new AssertionError(e);
    }
  }

  /** Something that a value of this type can be besides what it is. */
  private static String other(Class<?> type, Object value) {
    if (type.isEnum()) {
      List<Object> constants = new ArrayList<>(List.of(type.getEnumConstants()));
      constants.remove(value);
      return constants.getFirst().toString();
    }
    return switch (value) {
      case Boolean is -> Boolean.toString(!is);
      case Integer number -> Integer.toString(number + 1);
      case Long number -> Long.toString(number + 1);
      case Duration duration -> duration.plusSeconds(1).toString();
      case DataSize size -> DataSize.ofBytes(size.toBytes() + 1).toString();
      case null -> type == Double.class ? "0.5" : type == DataSize.class ? "1MB" : "elsewhere";
      default -> "something-else";
    };
  }
}
