package dev.slipstream.startup;

import java.time.Duration;
import java.util.function.Supplier;
import org.springframework.beans.factory.config.BeanFactoryPostProcessor;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.ssl.PropertiesSslBundle;
import org.springframework.boot.autoconfigure.ssl.SslProperties;
import org.springframework.boot.context.properties.bind.Bindable;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.boot.context.properties.source.ConfigurationPropertyName;
import org.springframework.boot.ssl.SslBundle;
import org.springframework.context.annotation.Bean;
import org.springframework.core.env.ConfigurableEnvironment;

/**
 * What every service checks besides its own records of properties, before anything that is made of
 * them: the settings that nobody reads, durations that no clock can count, and the certificates,
 * which are otherwise read when they are first used.
 */
@AutoConfiguration
public final class StartupAutoConfiguration {
  /** Clocks count nanoseconds in a long: 292 years. */
  private static final Duration LONGEST = Duration.ofNanos(Long.MAX_VALUE);

  @Bean
  static BeanFactoryPostProcessor unreadSettings(ConfigurableEnvironment environment) {
    return beans -> new UnreadSettings(SettingNames.of(beans)).refuse(environment);
  }

  @Bean
  static BeanFactoryPostProcessor durationsCanBeCounted(ConfigurableEnvironment environment) {
    return beans ->
        SettingNames.of(beans).stream()
            .filter(setting -> setting.type() == Duration.class)
            .forEach(setting -> checkDuration(setting.name(), environment));
  }

  private static void checkDuration(
      ConfigurationPropertyName name, ConfigurableEnvironment environment) {
    Duration duration =
        Binder.get(environment).bind(name, Bindable.of(Duration.class)).orElse(Duration.ZERO);
    if (duration.compareTo(LONGEST) > 0) {
      throw new ConfigurationException(
          new Settings(environment)
              .refuse(name, "must be at most %dd".formatted(LONGEST.toDays())));
    }
  }

  @Bean
  static BeanFactoryPostProcessor sslBundlesAreReadable(ConfigurableEnvironment environment) {
    return beans -> {
      SslProperties.Bundles bundles =
          Binder.get(environment).bindOrCreate("spring.ssl", SslProperties.class).getBundle();
      bundles
          .getPem()
          .forEach((name, pem) -> read("pem." + name, () -> PropertiesSslBundle.get(pem)));
      bundles
          .getJks()
          .forEach((name, jks) -> read("jks." + name, () -> PropertiesSslBundle.get(jks)));
    };
  }

  private static void read(String name, Supplier<SslBundle> bundle) {
    try {
      var stores = bundle.get().getStores();
      stores.getKeyStore();
      stores.getTrustStore();
    } catch (RuntimeException e) {
      throw new ConfigurationException(
          "The SSL bundle spring.ssl.bundle.%s cannot be used: %s."
              .formatted(name, ConfigurationFault.reason(e)),
          e);
    }
  }
}
