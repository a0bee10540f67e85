package dev.slipstream.standalone.suite;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The properties that make four services one suite, as arguments of their applications. */
final class ServiceProperties {
  private static final String CACHE = "slipstream.target.cache-directory";

  private final SuiteSettings settings;

  ServiceProperties(SuiteSettings settings) {
    this.settings = settings;
  }

  /**
   * @param own how the service itself is reached
   * @param targets gRPC addresses of the others
   */
  List<String> arguments(Service service, Map<String, String> own, Map<Service, String> targets) {
    Map<String, String> all = new LinkedHashMap<>(own);
    switch (service) {
      case GATEWAY -> {
        all.put("slipstream.gateway.targets", targets.get(Service.TARGET));
        all.put("slipstream.gateway.drafts", targets.get(Service.DRAFT));
      }
      case TARGET -> {
        all.put("slipstream.target.model", settings.model().file().toString());
        all.put("slipstream.target.kv.target", targets.get(Service.KV));
        all.put("slipstream.target.model-id", settings.modelId());
        if (settings.configuration().value(service, CACHE).isEmpty()) {
          all.put(CACHE, settings.cache().root().toString());
        }
        settings
            .threads()
            .ifPresent(n -> all.put("slipstream.target.threads", Integer.toString(n)));
      }
      case DRAFT, KV -> {}
    }
    all.putAll(settings.properties().getOrDefault(service, Map.of()));
    return arguments(all);
  }

  static List<String> arguments(Map<String, String> properties) {
    return properties.entrySet().stream().map(e -> "--" + e.getKey() + "=" + e.getValue()).toList();
  }
}
