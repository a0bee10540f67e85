package dev.slipstream.gateway;

import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.context.annotation.PropertySource;

/**
 * The gateway. Its own defaults are a property source of this class rather than an {@code
 * application.properties}, because several services may share one class path.
 */
@SpringBootApplication
@EnableConfigurationProperties({
  GatewayProperties.class,
  FailoverProperties.class,
  LimitProperties.class
})
@PropertySource("classpath:dev/slipstream/gateway/defaults.properties")
public class GatewayApplication {
  public static void main(String[] args) {
    SpringApplication.run(GatewayApplication.class, args);
  }
}
