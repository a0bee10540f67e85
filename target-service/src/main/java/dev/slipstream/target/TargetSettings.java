package dev.slipstream.target;

import dev.slipstream.startup.StartupAutoConfiguration;
import org.springframework.boot.autoconfigure.ImportAutoConfiguration;
import org.springframework.boot.autoconfigure.ssl.SslAutoConfiguration;
import org.springframework.boot.context.properties.ConfigurationPropertiesScan;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.PropertySource;

/**
 * All that can be wrong with the configuration: a part of the service, and by itself a check
 * without the service. The defaults are a property source rather than an {@code
 * application.properties}, because several services may share one class path. Records of properties
 * are found, so that a technique can bring its own.
 */
@Configuration(proxyBeanMethods = false)
@ConfigurationPropertiesScan
@PropertySource("classpath:dev/slipstream/target/defaults.properties")
@ImportAutoConfiguration({SslAutoConfiguration.class, StartupAutoConfiguration.class})
public class TargetSettings {}
