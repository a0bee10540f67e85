package dev.slipstream.standalone.docs;

import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaPackage;
import dev.slipstream.standalone.architecture.Techniques;
import dev.slipstream.standalone.chart.ServiceKeys;
import java.io.IOException;
import java.lang.reflect.RecordComponent;
import java.time.Duration;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.boot.context.properties.bind.DataObjectPropertyName;
import org.springframework.boot.context.properties.source.MapConfigurationPropertySource;
import org.springframework.util.unit.DataSize;

/** Whether the documentation names every key, with the default that it has and what it means. */
class ConfigurationTablesTest {
  private static final String HEADER = "| key | default | |\n|---|---|---|\n";

  @ParameterizedTest
  @ValueSource(strings = {"gateway", "target", "draft", "kv"})
  void ofAService(String service) throws IOException {
    String prefix = "slipstream." + service;
    List<Class<?>> records =
        ServiceKeys.records("dev.slipstream." + service).stream()
            .sorted(
                Comparator.comparing(ConfigurationTablesTest::prefix).thenComparing(Class::getName))
            .toList();
    StringBuilder table = new StringBuilder(HEADER);
    for (Class<?> type : records) {
      assertThat(prefix(type)).startsWith(prefix);
      String below = prefix(type).substring(prefix.length()).replaceFirst("^\\.", "");
      addRows(below.isEmpty() ? "" : below + ".", type, defaults(type), table);
    }
    new GeneratedBlock("api.md", service + "-configuration").mustBe(table.toString());
  }

  static Stream<JavaPackage> techniques() {
    return Techniques.all().stream();
  }

  @ParameterizedTest
  @MethodSource("techniques")
  void ofATechnique(JavaPackage technique) throws IOException {
    Class<? extends Record> type = Techniques.of(technique).configuration();
    StringBuilder table = new StringBuilder(HEADER);
    addRows("", type, defaults(type), table);
    new GeneratedBlock("techniques/" + Techniques.of(technique).name() + ".md", "configuration")
        .mustBe(table.toString());
  }

  @Test
  void valuesLookAsTheyAreWritten() {
    assertThat(
            Stream.of(
                    Duration.ofMillis(50),
                    Duration.ofSeconds(90),
                    Duration.ofHours(24),
                    DataSize.ofMegabytes(512),
                    DataSize.ofBytes(1000),
                    List.of("a", "b"),
                    List.of(),
                    "",
                    7)
                .map(ConfigurationTablesTest::written))
        .containsExactly("50ms", "90s", "24h", "512MB", "1000B", "`a`, `b`", "none", "none", "7");
    assertThat(written(null)).isEqualTo("unset");
  }

  private static String prefix(Class<?> type) {
    return type.getAnnotation(ConfigurationProperties.class).value();
  }

  /** A record with nothing set. */
  private static Object defaults(Class<?> type) {
    return new Binder(new MapConfigurationPropertySource(Map.of())).bindOrCreate("unset", type);
  }

  private static void addRows(String prefix, Class<?> type, Object record, StringBuilder table)
      throws IOException {
    Map<String, String> docs = RecordDocs.of(type);
    for (RecordComponent component : type.getRecordComponents()) {
      String key = prefix + DataObjectPropertyName.toDashedForm(component.getName());
      Object value = value(component, record);
      if (component.getType().isRecord()) {
        addRows(key + ".", component.getType(), value, table);
      } else {
        assertThat(docs).as("the Javadoc of " + type).containsKey(component.getName());
        table.append(
            "| `%s` | %s | %s |\n"
                .formatted(key, written(value), docs.get(component.getName()).replace("|", "\\|")));
      }
    }
  }

  private static Object value(RecordComponent component, Object record) {
    try {
      component.getAccessor().setAccessible(true);
      return component.getAccessor().invoke(record);
    } catch (ReflectiveOperationException e) {
      throw new AssertionError(e);
    }
  }

  private static String written(Object value) {
    return switch (value) {
      case null -> "unset";
      case String text -> text.isEmpty() ? "none" : "`" + text + "`";
      case Collection<?> many when many.isEmpty() -> "none";
      case Collection<?> many ->
          many.stream().map(ConfigurationTablesTest::written).collect(Collectors.joining(", "));
      case Duration duration -> time(duration);
      case DataSize size -> bytes(size);
      case Enum<?> constant -> "`" + constant.name().toLowerCase(Locale.ROOT) + "`";
      default -> value.toString();
    };
  }

  private static String time(Duration duration) {
    long millis = duration.toMillis();
    if (millis % 1000 != 0) {
      return millis + "ms";
    }
    long seconds = millis / 1000;
    if (seconds % 60 != 0 || seconds == 0) {
      return seconds + "s";
    }
    return seconds % 3600 == 0 ? seconds / 3600 + "h" : seconds / 60 + "m";
  }

  private static String bytes(DataSize size) {
    if (size.toMegabytes() > 0 && size.equals(DataSize.ofMegabytes(size.toMegabytes()))) {
      return size.toMegabytes() + "MB";
    }
    return size.toBytes() + "B";
  }
}
