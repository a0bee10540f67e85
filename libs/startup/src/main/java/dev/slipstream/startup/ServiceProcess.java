package dev.slipstream.startup;

import org.springframework.boot.Banner;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.context.event.ApplicationReadyEvent;
import org.springframework.context.ApplicationListener;

/** A service as a process of its own. */
public final class ServiceProcess {
  private static final int FAILED = 1;
  private static final int WRONG_CONFIGURATION = 2;

  private ServiceProcess() {}

  /**
   * Runs it. If it cannot be started, the process ends: with status 2 and one line if that is for
   * its configuration, else with status 1.
   */
  public static void run(Class<?> application, String[] args, ApplicationListener<?>... listeners) {
    StopSignals stop = new StopSignals(System::exit).listen();
    SpringApplication service = new SpringApplication(application);
    service.setBannerMode(Banner.Mode.OFF);
    service.addListeners(listeners);
    service.addListeners((ApplicationListener<ApplicationReadyEvent>) ready -> stop.serving());
    try {
      ConfiguredApplication.run(service, args);
    } catch (RuntimeException e) {
      if (stop.status().isEmpty()) {
        System.exit(say(e));
      }
      // Told to end, the process is ending; what was being started only noticed.
    }
  }

  private static int say(RuntimeException failure) {
    if (failure instanceof ConfigurationException expected) {
      System.err.println(expected.getMessage());
      return WRONG_CONFIGURATION;
    }
    failure.printStackTrace();
    return FAILED;
  }
}
