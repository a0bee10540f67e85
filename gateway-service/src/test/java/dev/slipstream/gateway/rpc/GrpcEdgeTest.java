package dev.slipstream.gateway.rpc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.slipstream.gateway.access.ByteBudget;
import dev.slipstream.gateway.fake.FakeTarget;
import dev.slipstream.gateway.fake.Gateway;
import dev.slipstream.gateway.fake.Http2Client;
import dev.slipstream.gateway.fake.LogRecord;
import dev.slipstream.proto.v1.GenerationServiceGrpc;
import io.grpc.health.v1.HealthGrpc;
import io.netty.handler.codec.http2.Http2Headers;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** An open gRPC server on loopback, and clients that are not what they should be. */
@Timeout(120)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class GrpcEdgeTest {
  private static final String LIST =
      GenerationServiceGrpc.getListModelsMethod().getFullMethodName();
  private static final String OK = "0";
  private static final String DEADLINE_EXCEEDED = "4";
  private static final String PERMISSION_DENIED = "7";

  private final FakeTarget target = FakeTarget.start();
  private Gateway gateway;
  private Http2Client client;

  @BeforeAll
  void start() {
    gateway =
        Gateway.start(
                target.address(),
                "",
                "--spring.grpc.server.address=127.0.0.1",
                "--slipstream.gateway.body-pause=100ms")
            .awaitModels(1);
    client = new Http2Client(gateway.grpcPort());
  }

  @AfterAll
  void stop() {
    client.close();
    gateway.close();
    target.close();
  }

  private Http2Headers call(String method, String authority) {
    return client.begin(method, authority, null, 0).end().trailers();
  }

  @ParameterizedTest
  @ValueSource(strings = {"localhost", "localhost:9090", "a.localhost", "127.0.0.1:1", "[::1]:9090"})
  void itsOwnNamesAreAnswered(String authority) {
    assertThat(call(LIST, authority).get("grpc-status")).asString().isEqualTo(OK);
  }

  @ParameterizedTest
  @ValueSource(strings = {"rebound.example", "rebound.example:9090", "127.0.0.1.rebound.example"})
  void otherNamesAreNot(String authority) {
    for (String method : new String[] {LIST, HealthGrpc.getCheckMethod().getFullMethodName()}) {
      Http2Headers trailers = call(method, authority);
      assertThat(trailers.get("grpc-status")).asString().isEqualTo(PERMISSION_DENIED);
      String message =
          URLDecoder.decode(trailers.get("grpc-message").toString(), StandardCharsets.UTF_8);
      assertThat(message).contains(authority, "slipstream.gateway.allowed-hosts");
    }
  }

  @Test
  void aMessageThatStopsComingIsGivenUpAndItsBytesAreFree() {
    try (LogRecord log = new LogRecord()) {
      ByteBudget budget = gateway.context().getBean(ByteBudget.class);
      Http2Client.Call call =
          client.begin(LIST, "localhost", null, 10_000).send(new byte[1_000]);
      assertThat(call.status()).isEqualTo(DEADLINE_EXCEEDED);
      await().until(() -> budget.held() == 0);
      assertThat(log.alarms()).isEmpty();
    }
  }

  /** gRPC logs a stack trace for it by itself. */
  @Test
  void aMessageThatIsTooLargeIsNoAlarm() {
    try (LogRecord log = new LogRecord()) {
      Http2Client.Call call =
          client.begin(LIST, "localhost", null, 100 << 20).send(new byte[1_000]);
      assertThat(call.status()).isEqualTo("8");
      assertThat(log.alarms()).isEmpty();
    }
  }
}
