package dev.slipstream.target;

import dev.slipstream.startup.ServiceProcess;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.context.ApplicationListener;
import org.springframework.context.ConfigurableApplicationContext;

/** The target service. */
@SpringBootApplication
public class TargetApplication {
  /** Runs the service as a process of its own, which ends if the model cannot be loaded. */
  public static void main(String[] args) {
    ServiceProcess.run(
        TargetApplication.class,
        args,
        (ApplicationListener<ModelFailedEvent>)
            event -> Thread.ofPlatform().name("exit").start(() -> exit(event.context())));
  }

  private static void exit(ConfigurableApplicationContext context) {
    System.exit(SpringApplication.exit(context, () -> 1));
  }
}
