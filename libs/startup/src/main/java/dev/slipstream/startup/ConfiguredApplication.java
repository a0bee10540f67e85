package dev.slipstream.startup;

import java.util.Map;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.context.event.ApplicationEnvironmentPreparedEvent;
import org.springframework.context.ApplicationListener;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.core.env.ConfigurableEnvironment;

/** Runs an application whose configuration may be faulty. */
public final class ConfiguredApplication {
  /**
   * A failure is said once, by whoever gets the exception; these would say it before, with values.
   */
  private static final Map<String, Object> QUIET =
      Map.of(
          "logging.level.org.springframework.boot.autoconfigure.logging", "warn",
          "logging.level.org.springframework.context.annotation", "error",
          "logging.level.org.springframework.boot.web.server.reactive.context", "error");

  private ConfiguredApplication() {}

  /**
   * Runs it as {@link SpringApplication#run} does, but for what it says of a failure: that is left
   * to the caller.
   *
   * @throws ConfigurationException if its configuration is to blame
   */
  public static ConfigurableApplicationContext run(SpringApplication application, String... args) {
    application.setDefaultProperties(QUIET);
    ConfigurableEnvironment[] environment = new ConfigurableEnvironment[1];
    application.addListeners(
        (ApplicationListener<ApplicationEnvironmentPreparedEvent>)
            prepared -> environment[0] = prepared.getEnvironment());
    try {
      return application.run(args);
    } catch (RuntimeException e) {
      throw ConfigurationFault.find(e, environment[0])
          .<RuntimeException>map(fault -> new ConfigurationException(fault, e))
          .orElse(e);
    }
  }
}
