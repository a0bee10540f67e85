package dev.slipstream.kv;

import dev.slipstream.startup.ServiceProcess;
import org.springframework.boot.autoconfigure.SpringBootApplication;

/** The KV service. */
@SpringBootApplication
public class KvApplication {
  public static void main(String[] args) {
    ServiceProcess.run(KvApplication.class, args);
  }
}
