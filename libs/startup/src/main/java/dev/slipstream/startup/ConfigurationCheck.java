package dev.slipstream.startup;

import org.springframework.boot.Banner;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.WebApplicationType;
import org.springframework.context.ConfigurableApplicationContext;

/** Looks at a service's configuration without starting the service. */
public final class ConfigurationCheck {
  private ConfigurationCheck() {}

  /**
   * Binds and validates it, and opens what it names.
   *
   * @param settings the configuration class of all that a user can get wrong
   * @param arguments that the service will have
   * @throws ConfigurationException if something is wrong
   */
  public static CheckedConfiguration run(Class<?> settings, String... arguments) {
    SpringApplication check = new SpringApplication(settings);
    check.setWebApplicationType(WebApplicationType.NONE);
    check.setBannerMode(Banner.Mode.OFF);
    check.setLogStartupInfo(false);
    check.setRegisterShutdownHook(false);
    try (ConfigurableApplicationContext context = ConfiguredApplication.run(check, arguments)) {
      return new CheckedConfiguration(new Settings(context.getEnvironment()));
    }
  }
}
