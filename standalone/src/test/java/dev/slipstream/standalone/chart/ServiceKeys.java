package dev.slipstream.standalone.chart;

import dev.slipstream.draft.DraftApplication;
import dev.slipstream.draft.DraftProperties;
import dev.slipstream.gateway.GatewayApplication;
import dev.slipstream.gateway.GatewayProperties;
import dev.slipstream.kv.KvApplication;
import dev.slipstream.kv.KvProperties;
import dev.slipstream.target.TargetApplication;
import dev.slipstream.target.TargetProperties;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.lang.reflect.RecordComponent;
import java.net.URL;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Properties;
import java.util.Set;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.convert.DurationStyle;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * The configuration that a service knows: its own record, the file of its defaults, and what the
 * libraries on the class path say of theirs.
 */
public final class ServiceKeys {
  static final String READINESS = "management.endpoint.health.group.readiness.include";

  /** Read by the images' start script, and by the catalogue of models. */
  private static final Set<String> VARIABLES =
      Set.of("SLIPSTREAM_HOME", "SLIPSTREAM_OFFLINE", "SLIPSTREAM_JAVA_OPTS");

  private final Class<?> application;
  private final Class<?> record;
  private final Properties defaults = new Properties();
  private final Set<String> variables = new HashSet<>(VARIABLES);
  private final Map<String, String> libraryDefaults = new HashMap<>();

  private ServiceKeys(Class<?> application, Class<?> record) {
    this.application = application;
    this.record = record;
    try (InputStream file = application.getResourceAsStream("defaults.properties")) {
      defaults.load(file);
      readMetadata();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    components(prefix(), record).forEach(key -> variables.add(variable(key)));
    // Keys with a name chosen by the user have no metadata of their own.
    variables.add(variable(READINESS));
  }

  public static ServiceKeys of(String role) {
    return switch (role) {
      case "gateway" -> new ServiceKeys(GatewayApplication.class, GatewayProperties.class);
      case "draft" -> new ServiceKeys(DraftApplication.class, DraftProperties.class);
      case "target" -> new ServiceKeys(TargetApplication.class, TargetProperties.class);
      case "kv" -> new ServiceKeys(KvApplication.class, KvProperties.class);
      default -> throw new IllegalArgumentException(role);
    };
  }

  private void readMetadata() throws IOException {
    JsonMapper json = new JsonMapper();
    var files =
        application
            .getClassLoader()
            .getResources("META-INF/spring-configuration-metadata.json")
            .asIterator();
    while (files.hasNext()) {
      URL url = (URL) files.next();
      try (InputStream file = url.openStream()) {
        for (JsonNode property : json.readTree(file).path("properties")) {
          String key = property.path("name").asString();
          variables.add(variable(key));
          libraryDefaults.put(key, property.path("defaultValue").asString(""));
        }
      }
    }
  }

  /** The keys of a record of properties, those of records in it included. */
  static List<String> components(String prefix, Class<?> type) {
    List<String> keys = new ArrayList<>();
    for (RecordComponent component : type.getRecordComponents()) {
      String key = prefix + "." + component.getName();
      if (component.getType().isRecord()) {
        keys.addAll(components(key, component.getType()));
      } else {
        keys.add(key);
      }
    }
    return keys;
  }

  /** As Spring names it: dots become underscores, dashes go, letters are capital. */
  static String variable(String key) {
    return key.replace("-", "").replace('.', '_').toUpperCase(Locale.ROOT);
  }

  Class<?> application() {
    return application;
  }

  /** Keys of {@code config} in the chart's values: camel case, without the prefix. */
  List<String> own() {
    return components("", record).stream().map(key -> key.substring(1)).toList();
  }

  String prefix() {
    return record.getAnnotation(ConfigurationProperties.class).value();
  }

  boolean knows(String variable) {
    return variables.contains(variable);
  }

  int defaultPort(String key) {
    return Integer.parseInt(defaults.getProperty(key));
  }

  /** What the service takes for a key. */
  String value(Map<String, String> environment, String key) {
    String given = environment.get(variable(key));
    if (given != null) {
      return given;
    }
    String own = defaults.getProperty(key, libraryDefaults.get(key));
    // Boot's own group has this one member.
    return own == null && key.equals(READINESS) ? "readinessState" : own;
  }

  long seconds(Map<String, String> environment, String key) {
    return DurationStyle.detectAndParse(value(environment, key)).toSeconds();
  }
}
