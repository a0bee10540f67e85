package dev.slipstream.gateway;

import dev.slipstream.startup.StartupAutoConfiguration;
import org.springframework.boot.autoconfigure.ImportAutoConfiguration;
import org.springframework.boot.autoconfigure.ssl.SslAutoConfiguration;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;
import org.springframework.context.annotation.PropertySource;

/**
 * All that can be wrong with the configuration: a part of the service, and by itself a check
 * without the service. The defaults are a property source rather than an {@code
 * application.properties}, because several services may share one class path.
 */
@Configuration(proxyBeanMethods = false)
@EnableConfigurationProperties({
  GatewayProperties.class,
  AccessProperties.class,
  FailoverProperties.class,
  LimitProperties.class
})
@PropertySource("classpath:dev/slipstream/gateway/defaults.properties")
@ImportAutoConfiguration({SslAutoConfiguration.class, StartupAutoConfiguration.class})
@Import(AccessConfiguration.class)
public class GatewaySettings {}
