package dev.slipstream.standalone.suite;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.slipstream.models.catalog.CacheDirectory;
import dev.slipstream.models.catalog.ResolvedModel;
import dev.slipstream.standalone.suite.SuiteConfiguration.Form;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A suite that did not start must not go on half alive, on ports that the next one needs. */
class EmbeddedSuiteTest {
  @TempDir private Path home;

  @BeforeAll
  static void keepLogging() {
    System.setProperty("org.springframework.boot.logging.LoggingSystem", "none");
  }

  @Test
  void aStartThatIsInterruptedLeavesNothingRunning() throws Exception {
    int port = freePort();
    SuiteSettings settings = settings(port, Map.of());
    Thread.currentThread().interrupt();

    assertThatThrownBy(() -> EmbeddedSuite.start(settings))
        .isInstanceOf(InterruptedException.class);

    assertThat(Thread.interrupted()).isFalse();
    assertFree(port);
  }

  @Test
  void aServiceThatDoesNotStartTakesTheOthersWithIt() throws Exception {
    int port = freePort();
    var broken = Map.of(Service.TARGET, Map.of("slipstream.target.max-running", "0"));

    assertThatThrownBy(() -> EmbeddedSuite.start(settings(port, broken)))
        .isInstanceOf(IllegalStateException.class)
        .hasMessage("The suite cannot start.")
        .hasStackTraceContaining("maxRunning");
    assertFree(port);
  }

  private SuiteSettings settings(int port, Map<Service, Map<String, String>> properties)
      throws IOException {
    Path none = Files.writeString(home.resolve("none.gguf"), "no model");
    return new SuiteSettings(
        SuiteConfiguration.check(Form.EMBEDDED, System.getenv(), Map.of()),
        new ResolvedModel("none", none, 8, "0".repeat(64), Optional.empty(), Optional.empty()),
        OptionalInt.of(1),
        Optional.of(new SuiteSettings.Network("127.0.0.1", port, 0)),
        new CacheDirectory(home),
        properties);
  }

  private static int freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return socket.getLocalPort();
    }
  }

  private static void assertFree(int port) throws IOException {
    try (ServerSocket socket = new ServerSocket()) {
      socket.setReuseAddress(true);
      socket.bind(new InetSocketAddress("127.0.0.1", port));
      assertThat(socket.isBound()).isTrue();
    }
  }
}
