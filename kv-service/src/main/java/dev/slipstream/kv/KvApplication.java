package dev.slipstream.kv;

import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.context.annotation.PropertySource;

/**
 * The KV service. Its own defaults are a property source of this class rather than an {@code
 * application.properties}, because several services may share one class path.
 */
@SpringBootApplication
@EnableConfigurationProperties(KvProperties.class)
@PropertySource("classpath:dev/slipstream/kv/defaults.properties")
public class KvApplication {
  public static void main(String[] args) {
    SpringApplication.run(KvApplication.class, args);
  }
}
