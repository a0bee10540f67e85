package dev.slipstream.standalone.flow;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.slipstream.proto.v1.GenerateResponse;
import dev.slipstream.proto.v1.GenerationServiceGrpc;
import dev.slipstream.standalone.suite.EmbeddedSuite;
import dev.slipstream.standalone.suite.Service;
import io.grpc.Context;
import io.grpc.ManagedChannel;
import io.grpc.stub.StreamObserver;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Whoever breaks this lets clients that have left take the place of those who wait. */
@Tag("model")
@Tag("suite")
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class CancellationTest {
  /** More than a test waits for. */
  private static final int ENDLESS = 7000;

  private EmbeddedSuite suite;
  private ManagedChannel channel;

  @BeforeAll
  void start(@TempDir Path home) throws Exception {
    suite = EmbeddedSuite.start(Flow.settings(home, Map.of()));
    channel = Flow.connect(suite.grpcAddress().orElseThrow());
  }

  @AfterAll
  void stop() {
    if (suite != null) {
      channel.shutdownNow();
      suite.close();
    }
  }

  @ParameterizedTest(name = "streaming: {0}")
  @ValueSource(booleans = {true, false})
  void closingAnHttpConnectionFreesItsBlocks(boolean stream) throws Exception {
    double before = cancelled();
    URI gateway = suite.httpAddress().orElseThrow();
    try (Socket client = new Socket(gateway.getHost(), gateway.getPort())) {
      client.getOutputStream().write(post(stream).getBytes(StandardCharsets.US_ASCII));
      awaitRunning();
    }
    awaitFree(before);
  }

  @Test
  void cancellingAGrpcCallFreesItsBlocks() {
    double before = cancelled();
    var call = Context.current().withCancellation();
    var request = Flow.text("Count to ten thousand.", ENDLESS).setIgnoreEos(true).build();
    call.run(() -> GenerationServiceGrpc.newStub(channel).generate(request, new Unheard()));
    awaitRunning();
    call.cancel(null);
    awaitFree(before);
  }

  private record Unheard() implements StreamObserver<GenerateResponse> {
    @Override
    public void onNext(GenerateResponse response) {}

    @Override
    public void onError(Throwable cause) {}

    @Override
    public void onCompleted() {}
  }

  private static String post(boolean stream) {
    String body =
        "{\"model\": \"smollm2-135m-instruct\", \"prompt\": \"Count to ten thousand.\","
            + " \"ignore_eos\": true, \"max_tokens\": %d, \"stream\": %s}"
                .formatted(ENDLESS, stream);
    return "POST /v1/completions HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        + "Content-Length: %d\r\n\r\n%s".formatted(body.length(), body);
  }

  private void awaitRunning() {
    await()
        .atMost(Flow.PATIENCE)
        .until(() -> target("slipstream.num.requests.running") == 1 && used() > 0);
  }

  private void awaitFree(double cancelledBefore) {
    await()
        .atMost(Flow.PATIENCE)
        .untilAsserted(
            () -> {
              assertThat(target("slipstream.num.requests.running")).isZero();
              assertThat(used()).isZero();
              assertThat(target("slipstream.kv.cache.usage.perc")).isZero();
              assertThat(cancelled()).isEqualTo(cancelledBefore + 1);
            });
  }

  private double used() {
    return target("slipstream.kv.cache.blocks.used");
  }

  private double cancelled() {
    return target("slipstream.requests.cancelled");
  }

  private double target(String metric) {
    return Flow.metric(suite, Service.TARGET, metric);
  }
}
