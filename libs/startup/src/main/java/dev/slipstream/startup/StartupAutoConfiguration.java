package dev.slipstream.startup;

import org.springframework.beans.factory.InitializingBean;
import org.springframework.beans.factory.config.BeanFactoryPostProcessor;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.ssl.SslAutoConfiguration;
import org.springframework.boot.ssl.DefaultSslBundleRegistry;
import org.springframework.context.annotation.Bean;
import org.springframework.core.env.ConfigurableEnvironment;

/** What every service checks of its configuration besides its own records. */
@AutoConfiguration(after = SslAutoConfiguration.class)
public final class StartupAutoConfiguration {

  @Bean
  static BeanFactoryPostProcessor unreadSettings(ConfigurableEnvironment environment) {
    return beans -> new UnreadSettings(SettingNames.of(beans)).refuse(environment);
  }

  /** Certificates are read when they are first used, which may be long after the start. */
  @Bean
  InitializingBean sslBundlesAreReadable(DefaultSslBundleRegistry bundles) {
    return () -> bundles.getBundleNames().forEach(name -> read(name, bundles));
  }

  private static void read(String name, DefaultSslBundleRegistry bundles) {
    try {
      var stores = bundles.getBundle(name).getStores();
      stores.getKeyStore();
      stores.getTrustStore();
    } catch (RuntimeException e) {
      throw new ConfigurationException(
          "The SSL bundle '%s' (spring.ssl.bundle) cannot be used: %s"
              .formatted(name, ConfigurationFault.reason(e)),
          e);
    }
  }
}
