package dev.slipstream.standalone.suite;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import dev.slipstream.models.catalog.CacheDirectory;
import dev.slipstream.models.catalog.ResolvedModel;
import dev.slipstream.standalone.suite.SuiteConfiguration.Form;
import dev.slipstream.startup.ConfigurationException;
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
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.LoggerFactory;

/** A suite that did not start must not go on half alive, on ports that the next one needs. */
@Tag("suite")
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
        .isInstanceOf(ConfigurationException.class)
        .hasMessage("--slipstream.target.max-running=0: must be greater than or equal to 1.");
    assertFree(port);
  }

  /** It would be minutes until somebody is told what is wrong with kv. */
  @Test
  void noModelIsLoadedBesideAServiceThatDoesNotStart() throws Exception {
    var loads = new ListAppender<ILoggingEvent>();
    Logger host = (Logger) LoggerFactory.getLogger("dev.slipstream.target.ModelHost");
    Level before = host.getLevel();
    host.setLevel(Level.ERROR);
    loads.start();
    host.addAppender(loads);
    try {
      var broken = Map.of(Service.KV, Map.of("slipstream.kv.memory.capacity", "1KB"));
      assertThatThrownBy(() -> EmbeddedSuite.start(settings(freePort(), broken)))
          .isInstanceOf(ConfigurationException.class)
          .hasMessageContaining("capacity must be at least 1MB");
      assertThat(loads.list).as("what a load says that fails").isEmpty();
    } finally {
      host.detachAppender(loads);
      host.setLevel(before);
    }
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
