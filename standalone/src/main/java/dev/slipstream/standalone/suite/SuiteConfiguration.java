package dev.slipstream.standalone.suite;

import dev.slipstream.startup.CheckedConfiguration;
import dev.slipstream.startup.ConfigurationCheck;
import dev.slipstream.startup.ConfigurationException;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;

/**
 * What the user has configured of the four services, by variables and files. It has been found to
 * be in order, before anything is fetched, loaded or started.
 */
public final class SuiteConfiguration {

  /** How the services are going to run. */
  public enum Form {
    /** In this JVM, and nothing listens. */
    PRIVATE,
    EMBEDDED,
    PROCESSES
  }

  private static final String CONNECTED =
      "the suite connects its services by itself. Leave it out, or start the services one by one.";
  private static final String NO_TLS =
      "TLS is for --topology embedded, or for services that are started one by one.";

  private final Function<Service, CheckedConfiguration> services;

  private SuiteConfiguration(Function<Service, CheckedConfiguration> services) {
    this.services = services;
  }

  /**
   * @param variables the environment that the services will have
   * @param properties further ones, by service, that win over all others
   * @throws ConfigurationException if something is wrong, or of no use in a suite
   */
  public static SuiteConfiguration check(
      Form form, Map<String, String> variables, Map<Service, Map<String, String>> properties) {
    Map<Service, CheckedConfiguration> services = new EnumMap<>(Service.class);
    for (Service service : Service.values()) {
      List<String> arguments =
          ServiceProperties.arguments(properties.getOrDefault(service, Map.of()));
      CheckedConfiguration checked =
          ConfigurationCheck.run(service.settings(), variables, arguments.toArray(String[]::new));
      refused(service, form).forEach((key, reason) -> refuse(checked.description(key), reason));
      services.put(service, checked);
    }
    SuiteConfiguration configuration = new SuiteConfiguration(services::get);
    if (form == Form.EMBEDDED) {
      HeapBudget.ofThisJvm(configuration).requireRoom();
    }
    return configuration;
  }

  /** Keys that only somebody who starts a service alone can set, and what to do instead. */
  private static Map<String, String> refused(Service service, Form form) {
    Map<String, String> refused = new LinkedHashMap<>();
    switch (service) {
      case GATEWAY -> {
        refused.put("slipstream.gateway.targets", CONNECTED);
        refused.put("slipstream.gateway.drafts", CONNECTED);
      }
      case TARGET -> refused.put("slipstream.target.kv.target", CONNECTED);
      case DRAFT, KV -> {}
    }
    if (form != Form.PRIVATE) {
      refused.put("server.address", "use --host.");
      refused.put("server.port", "use --port.");
      refused.put("spring.grpc.server.address", "use --host.");
      refused.put("spring.grpc.server.port", "use --grpc-port.");
    }
    if (form == Form.PROCESSES) {
      refused.put("server.ssl", NO_TLS);
      refused.put("spring.grpc.server.ssl", NO_TLS);
      refused.put("management.server.port", "four processes cannot share one.");
    }
    return refused;
  }

  private static void refuse(Optional<String> set, String instead) {
    set.ifPresent(
        setting -> {
          throw new ConfigurationException(setting + ": " + instead);
        });
  }

  /** A record of properties of a service, as it is bound. */
  <T> T bound(Service service, Class<T> type) {
    return services.apply(service).bound(type);
  }

  /** What is set; nothing if it is left to its default, as by an empty variable. */
  public Optional<String> value(Service service, String key) {
    return services.apply(service).value(key).filter(value -> !value.isBlank());
  }

  /**
   * @throws ConfigurationException if a key is set which the option is for, too
   */
  public void refuseBeside(String option, Service service, String key) {
    if (value(service, key).isPresent()) {
      refuse(services.apply(service).description(key), "leave it out, or " + option + ".");
    }
  }
}
