package dev.slipstream.gateway;

import dev.slipstream.startup.ServiceProcess;
import org.springframework.boot.autoconfigure.SpringBootApplication;

/** The gateway. */
@SpringBootApplication
public class GatewayApplication {
  public static void main(String[] args) {
    ServiceProcess.run(GatewayApplication.class, args);
  }
}
