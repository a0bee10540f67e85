package dev.slipstream.system;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/**
 * Writes the compose file that turns the stack into one with API keys and mutual TLS between
 * services, and with further gateways, whose certificates no service may accept.
 *
 * @param folder for the file and the certificates
 * @param authority of the suite
 */
record SecuredStack(Path folder, Authority authority) {
  /** API keys; each is its tenant's name, too. */
  static final List<String> KEYS = List.of("key-a", "key-b");

  /** Gateways that nobody of the suite knows. */
  static final List<String> STRANGERS = List.of("expired", "stranger", "plain");

  /** One like them, but that it has a certificate of the suite. */
  static final String MEMBER = "member";

  private static final String LIKE_A_GATEWAY =
      """
          image: slipstream-gateway:${SLIPSTREAM_TAG:-latest}
          pull_policy: never
          read_only: true
          tmpfs: [ '/tmp:size=64m,mode=1777' ]
          networks: [ front, services ]
          ports: [ '127.0.0.1:0:8080' ]
          mem_limit: 640m
      """;

  static SecuredStack in(Path folder) throws IOException, InterruptedException {
    SecuredStack stack =
        new SecuredStack(folder, Authority.create(folder.resolve("authority"), "suite"));
    stack.rotate();
    stack.authority.issue(stack.certificates(MEMBER), "gateway", 7);
    stack.authority.issue(stack.certificates("expired"), "gateway", -1);
    Authority other = Authority.create(folder.resolve("other"), "other");
    other.issue(stack.certificates("stranger"), "gateway", 7);
    // It trusts the suite, so that only the suite can refuse.
    Files.copy(
        stack.authority.certificate(),
        stack.certificates("stranger").resolve("ca.crt"),
        StandardCopyOption.REPLACE_EXISTING);
    return stack;
  }

  private Path certificates(String service) {
    return folder.resolve("tls").resolve(service);
  }

  /** Gives every service a new certificate, in the files that it has mounted. */
  void rotate() throws IOException, InterruptedException {
    for (String service : Stack.SERVICES) {
      authority.issue(certificates(service), service, 7);
    }
  }

  /** The compose file. */
  Path override() throws IOException {
    StringBuilder yaml = new StringBuilder("services:\n");
    for (String service : Stack.SERVICES) {
      Map<String, String> environment = tls();
      if (service.equals("gateway")) {
        environment.put("SLIPSTREAM_GATEWAY_APIKEYS", keys());
      } else {
        environment.put("SPRING_GRPC_SERVER_SSL_BUNDLE", "suite");
        environment.put("SPRING_GRPC_SERVER_SSL_CLIENTAUTH", "require");
      }
      append(yaml, service, environment);
    }
    for (String stranger : Stream.concat(STRANGERS.stream(), Stream.of(MEMBER)).toList()) {
      Map<String, String> environment = stranger.equals("plain") ? new LinkedHashMap<>() : tls();
      environment.put("SLIPSTREAM_GATEWAY_TARGETS", "dns:///target:9092");
      environment.put("SLIPSTREAM_GATEWAY_DRAFTS", "dns:///draft:9091");
      append(yaml, stranger, environment);
      yaml.append(LIKE_A_GATEWAY);
    }
    return Files.writeString(folder.resolve("secured.yml"), yaml);
  }

  private void append(StringBuilder yaml, String service, Map<String, String> environment)
      throws IOException {
    Path certificates = Files.createDirectories(certificates(service));
    yaml.append("  %s:%n    environment:%n".formatted(service));
    environment.forEach((name, value) -> yaml.append("      %s: '%s'%n".formatted(name, value)));
    yaml.append("    volumes: [ '%s:/tls:ro' ]%n".formatted(certificates));
  }

  private static Map<String, String> tls() {
    String bundle = "SPRING_SSL_BUNDLE_PEM_SUITE_";
    Map<String, String> tls = new LinkedHashMap<>();
    tls.put(bundle + "KEYSTORE_CERTIFICATE", "/tls/tls.crt");
    tls.put(bundle + "KEYSTORE_PRIVATEKEY", "/tls/tls.key");
    tls.put(bundle + "TRUSTSTORE_CERTIFICATE", "/tls/ca.crt");
    tls.put(bundle + "RELOADONUPDATE", "true");
    tls.put("SPRING_SSL_BUNDLE_WATCH_FILE_QUIETPERIOD", "1s");
    tls.put("SPRING_GRPC_CLIENT_CHANNEL_DEFAULT_SSL_BUNDLE", "suite");
    return tls;
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
