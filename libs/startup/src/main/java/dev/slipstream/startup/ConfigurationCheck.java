package dev.slipstream.startup;

import java.util.Map;
import org.springframework.boot.Banner;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.WebApplicationType;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.core.env.ConfigurableEnvironment;
import org.springframework.core.env.StandardEnvironment;
import org.springframework.core.env.SystemEnvironmentPropertySource;

/** Looks at a service's configuration without starting the service. */
public final class ConfigurationCheck {
  private ConfigurationCheck() {}

  /**
   * Binds and validates it, and opens what it names.
   *
   * @param settings the configuration class of all that a user can get wrong
   * @param variables the environment that the service will have
   * @param arguments that the service will have
   * @throws ConfigurationException if something is wrong
   */
  public static CheckedConfiguration run(
      Class<?> settings, Map<String, String> variables, String... arguments) {
    SpringApplication check = new SpringApplication(settings);
    check.setEnvironment(environment(variables));
    check.setWebApplicationType(WebApplicationType.NONE);
    check.setBannerMode(Banner.Mode.OFF);
    check.setLogStartupInfo(false);
    check.setRegisterShutdownHook(false);
    try (ConfigurableApplicationContext context = ConfiguredApplication.run(check, arguments)) {
      return new CheckedConfiguration(
          new Settings(context.getEnvironment()),
          context.getBeansWithAnnotation(ConfigurationProperties.class).values());
    }
  }

  private static ConfigurableEnvironment environment(Map<String, String> variables) {
    StandardEnvironment environment = new StandardEnvironment();
    String name = StandardEnvironment.SYSTEM_ENVIRONMENT_PROPERTY_SOURCE_NAME;
    environment
        .getPropertySources()
        .replace(name, new SystemEnvironmentPropertySource(name, Map.copyOf(variables)));
    return environment;
  }
}
