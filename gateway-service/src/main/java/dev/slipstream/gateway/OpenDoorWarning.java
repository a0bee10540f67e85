package dev.slipstream.gateway;

import dev.slipstream.gateway.access.ApiKeys;
import java.net.InetAddress;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.boot.context.event.ApplicationReadyEvent;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.boot.web.server.context.WebServerInitializedEvent;
import org.springframework.context.event.EventListener;
import org.springframework.core.env.Environment;
import org.springframework.grpc.server.lifecycle.GrpcServerStartedEvent;
import org.springframework.stereotype.Component;

/** Says once, at the start, that strangers may use the gateway, if they may. */
@Component
class OpenDoorWarning {
  private static final Logger log = LoggerFactory.getLogger(OpenDoorWarning.class);

  private final ApiKeys keys;
  private final Environment environment;
  private final List<String> doors = new CopyOnWriteArrayList<>();

  OpenDoorWarning(ApiKeys keys, Environment environment) {
    this.keys = keys;
    this.environment = environment;
  }

  @EventListener
  void http(WebServerInitializedEvent event) {
    add("HTTP port " + event.getWebServer().getPort(), "server.address");
  }

  @EventListener
  void grpc(GrpcServerStartedEvent event) {
    // Servers in this JVM only have no port.
    if (event.getPort() > 0) {
      add("gRPC port " + event.getPort(), "spring.grpc.server.address");
    }
  }

  private void add(String door, String addressKey) {
    if (!isOnLoopback(environment, addressKey)) {
      doors.add(door);
    }
  }

  /** Whether a server listens on loopback only. */
  static boolean isOnLoopback(Environment environment, String addressKey) {
    return Binder.get(environment)
        .bind(addressKey, InetAddress.class)
        .map(InetAddress::isLoopbackAddress)
        .orElse(false);
  }

  @EventListener(ApplicationReadyEvent.class)
  void warn() {
    if (!keys.required() && !doors.isEmpty()) {
      log.warn(
          "no API keys are configured: whoever reaches {} of this host may use the gateway; set"
              + " slipstream.gateway.api-keys-file or bind it to 127.0.0.1",
          String.join(" or ", doors));
    }
  }
}
