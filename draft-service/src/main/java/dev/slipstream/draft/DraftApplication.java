package dev.slipstream.draft;

import dev.slipstream.startup.ServiceProcess;
import org.springframework.boot.autoconfigure.SpringBootApplication;

/** The draft service. */
@SpringBootApplication
public class DraftApplication {
  public static void main(String[] args) {
    ServiceProcess.run(DraftApplication.class, args);
  }
}
