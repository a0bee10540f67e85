package dev.slipstream.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import dev.slipstream.gateway.fake.Bench;
import dev.slipstream.gateway.fake.FakeTarget;
import dev.slipstream.gateway.fake.Gateway;
import dev.slipstream.gateway.upstream.Targets;
import dev.slipstream.transport.TestAuthority;
import io.grpc.Grpc;
import io.grpc.Server;
import io.grpc.TlsServerCredentials;
import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * The gateway connects to addresses that it found for a host, but certificates name the host. Were
 * it to look for the address, no target would be good enough, or any at that address would be: one
 * that a stranger runs there, too, with the texts of all users.
 */
@Tag("suite")
@Timeout(120)
class UpstreamTlsTest {
  private final TestAuthority authority = new TestAuthority("suite");
  @TempDir private Path folder;
  private final FakeTarget target = FakeTarget.start();
  private Server server;

  @AfterEach
  void stop() {
    target.close();
    server.shutdownNow();
  }

  @Test
  void aReplicaThatIsCertifiedForTheHostIsTalkedTo() throws IOException {
    try (Gateway gateway = gatewayInFrontOf("localhost")) {
      gateway.awaitModels(1);
    }
  }

  /** It is certified for its address, though. */
  @Test
  void aReplicaThatIsCertifiedForAnotherHostIsNotTalkedTo() throws IOException {
    try (Gateway gateway = gatewayInFrontOf("elsewhere")) {
      Targets targets = gateway.context().getBean(Targets.class);
      Bench.await().until(() -> targets.problems().contains("UNAVAILABLE"));
      assertThat(targets.endpoints()).extracting(e -> e.name()).containsExactly(address());
      assertThat(targets.models()).isEmpty();
    }
  }

  private String address() {
    return "127.0.0.1:" + server.getPort();
  }

  /** The target has a certificate for this host, and is configured as localhost. */
  private Gateway gatewayInFrontOf(String host) throws IOException {
    Path files = authority.issue(folder.resolve("server"), host);
    server =
        Grpc.newServerBuilderForPort(
                0,
                TlsServerCredentials.newBuilder()
                    .keyManager(
                        files.resolve("tls.crt").toFile(), files.resolve("tls.key").toFile())
                    .trustManager(files.resolve("ca.crt").toFile())
                    .clientAuth(TlsServerCredentials.ClientAuth.REQUIRE)
                    .build())
            .addService(target)
            .build()
            .start();
    Path own = authority.issue(folder.resolve("gateway"), "gateway");
    String bundle = "--spring.ssl.bundle.pem.internal.";
    return Gateway.start(
        "dns:///localhost:" + server.getPort(),
        "",
        bundle + "keystore.certificate=" + own.resolve("tls.crt"),
        bundle + "keystore.private-key=" + own.resolve("tls.key"),
        bundle + "truststore.certificate=" + own.resolve("ca.crt"),
        "--spring.grpc.client.channel.default.ssl.bundle=internal");
  }
}
