package dev.slipstream.standalone.flow;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.slipstream.engine.model.TinyModel;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What {@code serve} says when it is ready, and what variables do to it, with a real process. */
@Tag("suite")
@DisabledOnOs(OS.WINDOWS)
class ServeCommandTest {
  @TempDir private Path home;

  /** A model under another name, on an address that needs brackets, found by all who ask there. */
  @ParameterizedTest
  @ValueSource(strings = {"embedded", "processes"})
  void theAddressThatIsPrintedIsServedUnderTheNameThatIsConfigured(String topology)
      throws Exception {
    assumeTrue(hasIpv6(), "skipped: this machine has no IPv6");
    Path model = TinyModel.write(home.resolve("m\u00fc.gguf"), 1, 512);
    var variables = Map.of("SLIPSTREAM_TARGET_MODELID", "house-model");
    try (CommandProcess serve =
        CommandProcess.start(
            home,
            variables,
            "serve",
            "--host=::1",
            "--port=0",
            "--grpc-port=0",
            "--topology=" + topology,
            "--model=" + model)) {
      String url = announced(serve, "(?m)^HTTP +(http://\\[::1]:\\d+)/v1$");
      assertThat(models(url)).contains("\"house-model\"").doesNotContain("m\u00fc");

      try (CommandProcess bench =
          CommandProcess.start(
              home,
              Map.of(),
              ("bench serve --concurrency=1 --requests=1 --rounds=1 --max-tokens=2 --speculation=off"
                      + " --address="
                      + url)
                  .split(" "))) {
        assertThat(bench.status(120)).as(bench.err()).isZero();
      }
      String address = announced(serve, "(?m)^gRPC +(\\S+)$");
      try (CommandProcess chat =
          CommandProcess.start(
              home, Map.of(), "chat", "--address", address, "--max-tokens=1", "x")) {
        assertThat(chat.err() + chat.status(120)).doesNotContain("Exception");
      }
      serve.signal("TERM");
      assertThat(serve.status(60)).isEqualTo(143);
    }
  }

  private static String announced(CommandProcess serve, String pattern) {
    return await()
        .atMost(Flow.PATIENCE)
        .until(
            () -> {
              assertThat(serve.isAlive()).as(serve.err()).isTrue();
              Matcher found = Pattern.compile(pattern).matcher(serve.out());
              return found.find() ? found.group(1) : null;
            },
            found -> found != null);
  }

  private static String models(String url) throws Exception {
    try (HttpClient client = HttpClient.newHttpClient()) {
      return client
          .send(
              HttpRequest.newBuilder(URI.create(url + "/v1/models")).build(),
              HttpResponse.BodyHandlers.ofString())
          .body();
    }
  }

  private static boolean hasIpv6() {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getByName("::1"))) {
      return socket.isBound();
    } catch (IOException e) {
      return false;
    }
  }
}
