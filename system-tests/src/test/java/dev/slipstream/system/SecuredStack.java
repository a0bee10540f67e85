package dev.slipstream.system;

import com.github.dockerjava.api.model.AccessMode;
import com.github.dockerjava.api.model.Bind;
import com.github.dockerjava.api.model.Volume;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import org.testcontainers.containers.wait.strategy.Wait;

/**
 * A stack with API keys and mutual TLS between services, and further gateways, whose certificates
 * no service may accept.
 *
 * @param folder of the services' certificates
 * @param authority of the suite
 */
record SecuredStack(Stack stack, Path folder, Authority authority) {
  /** API keys; each is its tenant's name, too. */
  static final List<String> KEYS = List.of("key-a", "key-b");

  /** Gateways that nobody of the suite knows. */
  static final List<String> STRANGERS = List.of("expired", "stranger", "plain");

  /** One like them, but that it has a certificate of the suite. */
  static final String MEMBER = "member";

  private static final String BUNDLE = "SPRING_SSL_BUNDLE_PEM_SUITE_";

  private static final Map<String, String> TLS =
      Map.of(
          BUNDLE + "KEYSTORE_CERTIFICATE",
          "/tls/tls.crt",
          BUNDLE + "KEYSTORE_PRIVATEKEY",
          "/tls/tls.key",
          BUNDLE + "TRUSTSTORE_CERTIFICATE",
          "/tls/ca.crt",
          BUNDLE + "RELOADONUPDATE",
          "true",
          "SPRING_SSL_BUNDLE_WATCH_FILE_QUIETPERIOD",
          "1s",
          "SPRING_GRPC_CLIENT_CHANNEL_DEFAULT_SSL_BUNDLE",
          "suite");

  private static final Map<String, String> SERVER_TLS =
      Map.of(
          "SPRING_GRPC_SERVER_SSL_BUNDLE", "suite", "SPRING_GRPC_SERVER_SSL_CLIENTAUTH", "require");

  /** One that is not started yet. */
  static SecuredStack in(Path folder) throws IOException, InterruptedException {
    Authority suite = Authority.create(folder.resolve("authority"), "suite");
    SecuredStack secured = new SecuredStack(new Stack(), folder, suite);
    secured.rotate();
    suite.issue(secured.certificates(MEMBER), "gateway", 7);
    suite.issue(secured.certificates("expired"), "gateway", -1);
    Authority other = Authority.create(folder.resolve("other"), "other");
    other.issue(secured.certificates("stranger"), "gateway", 7);
    // It trusts the suite, so that only the suite can refuse.
    Files.copy(
        suite.certificate(),
        secured.certificates("stranger").resolve("ca.crt"),
        StandardCopyOption.REPLACE_EXISTING);
    for (Service service : secured.stack.containers()) {
      secured.certify(service);
      if (service.name().equals("gateway")) {
        service.withEnv("SLIPSTREAM_GATEWAY_APIKEYS", keys());
      } else {
        service.withEnv(SERVER_TLS);
      }
    }
    return secured;
  }

  private Path certificates(String name) {
    return folder.resolve("tls").resolve(name);
  }

  /** Gives every service a new certificate, in the files that it has mounted. */
  void rotate() throws IOException, InterruptedException {
    for (String name : stack.containers().stream().map(Service::name).distinct().toList()) {
      authority.issue(certificates(name), name, 7);
    }
  }

  private Service certify(Service service) {
    Bind files =
        new Bind(certificates(service.name()).toString(), new Volume("/tls"), AccessMode.ro);
    // With its own method for this Testcontainers would first try it out with a helper image.
    return service
        .withEnv(TLS)
        .withCreateContainerCmdModifier(create -> create.getHostConfig().withBinds(files));
  }

  /** Another gateway in the stack, not started. */
  Service add(String name) {
    Service gateway = Stack.gateway(name).waitingFor(Wait.forHttp("/actuator/health/liveness"));
    return stack.add(name.equals("plain") ? gateway : certify(gateway));
  }

  /** The gateway's configuration of {@link #KEYS}. */
  static String keys() {
    return String.join(",", KEYS.stream().map(key -> key + " sha256:" + sha256(key)).toList());
  }

  private static String sha256(String text) {
    try {
      return HexFormat.of()
          .formatHex(
              MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8)));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JDK has SHA-256", e);
    }
  }
}
