package dev.slipstream.target;

import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.context.ApplicationListener;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.PropertySource;

/**
 * The target service. Its own defaults are a property source of this class rather than an {@code
 * application.properties}, because several services may share one class path.
 */
@SpringBootApplication
@EnableConfigurationProperties(TargetProperties.class)
@PropertySource("classpath:dev/slipstream/target/defaults.properties")
public class TargetApplication {
  /** Runs the service as a process of its own, which ends if the model cannot be loaded. */
  public static void main(String[] args) {
    SpringApplication application = new SpringApplication(TargetApplication.class);
    application.addListeners(
        (ApplicationListener<ModelFailedEvent>)
            event -> Thread.ofPlatform().name("exit").start(() -> exit(event.context())));
    application.run(args);
  }

  private static void exit(ConfigurableApplicationContext context) {
    System.exit(SpringApplication.exit(context, () -> 1));
  }
}
