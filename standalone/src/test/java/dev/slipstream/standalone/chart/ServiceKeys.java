package dev.slipstream.standalone.chart;

import static org.assertj.core.api.Assertions.assertThat;

import dev.slipstream.draft.DraftApplication;
import dev.slipstream.gateway.GatewayApplication;
import dev.slipstream.kv.KvApplication;
import dev.slipstream.target.TargetApplication;
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
import org.springframework.boot.autoconfigure.ssl.SslProperties;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.BindException;
import org.springframework.boot.context.properties.bind.BindHandler;
import org.springframework.boot.context.properties.bind.Bindable;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.boot.context.properties.bind.handler.NoUnboundElementsBindHandler;
import org.springframework.boot.context.properties.source.MapConfigurationPropertySource;
import org.springframework.boot.convert.DurationStyle;
import org.springframework.boot.grpc.client.autoconfigure.GrpcClientProperties;
import org.springframework.context.annotation.ClassPathScanningCandidateComponentProvider;
import org.springframework.core.type.filter.AnnotationTypeFilter;
import org.springframework.util.ClassUtils;
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

  private static final Map<String, Class<?>> MAPS =
      Map.of("spring.ssl", SslProperties.class, "spring.grpc.client", GrpcClientProperties.class);

  private final Class<?> application;
  private final Properties defaults = new Properties();
  private final Set<String> variables = new HashSet<>(VARIABLES);
  private final Map<String, String> libraryDefaults = new HashMap<>();
  private final List<String> own = new ArrayList<>();

  private ServiceKeys(String role, Class<?> application) {
    this.application = application;
    try (InputStream file = application.getResourceAsStream("defaults.properties")) {
      defaults.load(file);
      readMetadata();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    String prefix = "slipstream." + role + ".";
    records(application.getPackageName())
        .forEach(
            type ->
                own.addAll(
                    components(type.getAnnotation(ConfigurationProperties.class).value(), type)));
    assertThat(own).isNotEmpty().allSatisfy(key -> assertThat(key).startsWith(prefix));
    own.forEach(key -> variables.add(variable(key)));
    own.replaceAll(key -> key.substring(prefix.length()));
    // Keys with a name chosen by the user have no metadata of their own.
    variables.add(variable(READINESS));
  }

  public static ServiceKeys of(String role) {
    return switch (role) {
      case "gateway" -> new ServiceKeys(role, GatewayApplication.class);
      case "draft" -> new ServiceKeys(role, DraftApplication.class);
      case "target" -> new ServiceKeys(role, TargetApplication.class);
      case "kv" -> new ServiceKeys(role, KvApplication.class);
      default -> throw new IllegalArgumentException(role);
    };
  }

  /** All records of properties in a package and those below it. */
  public static List<Class<?>> records(String root) {
    var scanner = new ClassPathScanningCandidateComponentProvider(false);
    scanner.addIncludeFilter(new AnnotationTypeFilter(ConfigurationProperties.class));
    return scanner.findCandidateComponents(root).stream()
        .<Class<?>>map(bean -> ClassUtils.resolveClassName(bean.getBeanClassName(), null))
        .toList();
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

  /** The service's own keys: camel case, without the prefix. */
  public List<String> own() {
    return own;
  }

  boolean knows(String variable) {
    return variables.contains(variable) || isBoundToMap(variable);
  }

  /** Whether it is part of a value in one of the maps that Spring's own configuration has. */
  private static boolean isBoundToMap(String variable) {
    String key = variable.toLowerCase(Locale.ROOT).replace('_', '.');
    var source = new MapConfigurationPropertySource(Map.of(key, "true"));
    return MAPS.entrySet().stream()
        .filter(map -> key.startsWith(map.getKey() + "."))
        .anyMatch(
            map -> {
              try {
                return new Binder(source)
                    .bind(
                        map.getKey(),
                        Bindable.of(map.getValue()),
                        new NoUnboundElementsBindHandler(BindHandler.DEFAULT, s -> true))
                    .isBound();
              } catch (BindException e) {
                return false;
              }
            });
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
