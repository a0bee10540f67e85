package dev.slipstream.gateway.http;

import static org.assertj.core.api.Assertions.assertThat;

import dev.slipstream.gateway.fake.FakeDecode;
import dev.slipstream.gateway.fake.FakeTarget;
import dev.slipstream.gateway.fake.Gateway;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.springframework.context.event.ContextClosedEvent;

/**
 * Whoever breaks this loses requests of busy clients whenever a gateway is replaced: they are sent
 * on a connection that nobody said would end.
 */
@Tag("suite")
@Timeout(120)
class ConnectionDrainTest {
  private static final String BODY =
      "{\"model\": \"test-model\", \"prompt\": \"hi\", \"stream\": true}";
  private static final String REQUEST =
      "POST /v1/completions HTTP/1.1\r\nHost: gateway\r\nContent-Type: application/json\r\n"
          + "Content-Length: %d\r\n\r\n%s".formatted(BODY.length(), BODY);

  @Test
  void theQuestionAfterTheLastAnswerIsAnsweredAndTheConnectionEndsAsItWasSaid() throws Exception {
    try (FakeTarget target = FakeTarget.start();
        Gateway gateway = Gateway.start(target.address(), "").awaitModels(1);
        Socket socket = new Socket("localhost", gateway.port())) {
      OutputStream out = socket.getOutputStream();
      BufferedReader in =
          new BufferedReader(
              new InputStreamReader(socket.getInputStream(), StandardCharsets.UTF_8));
      out.write(REQUEST.getBytes(StandardCharsets.UTF_8));
      FakeDecode decode = target.next().started().commit("one");
      assertThat(readUntil(in, "one")).doesNotContainIgnoringCase("connection: close");

      CompletableFuture<Void> closed = close(gateway);
      decode.finishByEnd();
      readUntil(in, "[DONE]");
      out.write(REQUEST.getBytes(StandardCharsets.UTF_8));
      target.next().started().commit("two").finishByEnd();
      assertThat(readUntil(in, null))
          .contains("HTTP/1.1 200 OK")
          .containsIgnoringCase("connection: close")
          .contains("two")
          .contains("[DONE]");
      closed.join();
    }
  }

  /** Returns when it is on its way. */
  private static CompletableFuture<Void> close(Gateway gateway) {
    AtomicBoolean told = new AtomicBoolean();
    gateway
        .context()
        .addApplicationListener(
            event -> told.compareAndSet(false, event instanceof ContextClosedEvent));
    CompletableFuture<Void> closed = CompletableFuture.runAsync(gateway.context()::close);
    Awaitility.await().untilTrue(told);
    return closed;
  }

  /**
   * @param end of what is read; null is that of the connection
   */
  private static String readUntil(BufferedReader in, String end) throws Exception {
    StringBuilder text = new StringBuilder();
    for (String line = in.readLine(); line != null; line = in.readLine()) {
      text.append(line).append('\n');
      if (end != null && line.contains(end)) {
        break;
      }
    }
    return text.toString();
  }
}
