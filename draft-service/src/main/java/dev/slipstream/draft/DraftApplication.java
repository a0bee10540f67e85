package dev.slipstream.draft;

import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.context.annotation.PropertySource;

/**
 * The draft service. Its own defaults are a property source of this class rather than an {@code
 * application.properties}, because several services may share one class path.
 */
@SpringBootApplication
@EnableConfigurationProperties(DraftProperties.class)
@PropertySource("classpath:dev/slipstream/draft/defaults.properties")
public class DraftApplication {
  public static void main(String[] args) {
    SpringApplication.run(DraftApplication.class, args);
  }
}
