package dev.slipstream.startup;

import java.util.function.Supplier;
import org.springframework.beans.factory.config.BeanFactoryPostProcessor;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.ssl.PropertiesSslBundle;
import org.springframework.boot.autoconfigure.ssl.SslProperties;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.boot.ssl.SslBundle;
import org.springframework.context.annotation.Bean;
import org.springframework.core.env.ConfigurableEnvironment;

/**
 * What every service checks besides its own records of properties, before anything that is made of
 * them: the settings that nobody reads, and the certificates, which are otherwise read when they
 * are first used.
 */
@AutoConfiguration
public final class StartupAutoConfiguration {

  @Bean
  static BeanFactoryPostProcessor unreadSettings(ConfigurableEnvironment environment) {
    return beans -> new UnreadSettings(SettingNames.of(beans)).refuse(environment);
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
