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
import java.io.IOException;
import java.net.Socket;
import java.net.SocketException;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** An open gRPC server on loopback, and clients that are not what they should be. */
@Tag("suite")
@Timeout(120)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class GrpcEdgeTest {
  private static final String LIST =
      GenerationServiceGrpc.getListModelsMethod().getFullMethodName();
  private static final String OK = "0";
  private static final String INVALID_ARGUMENT = "3";
  private static final String DEADLINE_EXCEEDED = "4";
  private static final String PERMISSION_DENIED = "7";
  private static final String RESOURCE_EXHAUSTED = "8";
  private static final String UNIMPLEMENTED = "12";

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
  @ValueSource(
      strings = {"localhost", "localhost:9090", "a.localhost", "127.0.0.1:1", "[::1]:9090"})
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
      Http2Client.Call call = client.begin(LIST, "localhost", null, 10_000).send(new byte[1_000]);
      assertThat(call.status()).isEqualTo(DEADLINE_EXCEEDED);
      await().until(() -> budget.held() == 0);
      assertThat(log.alarms()).isEmpty();
    }
  }

  /** gRPC logs a stack trace for each by itself. */
  @Test
  void messagesThatAreNoneAreNoAlarms() {
    try (LogRecord log = new LogRecord()) {
      Http2Client.Call large = client.begin(LIST, "localhost", null, 100 << 20);
      assertThat(large.status()).isEqualTo(RESOURCE_EXHAUSTED);
      Http2Client.Call negative = client.begin(LIST, "localhost", null, -1);
      assertThat(negative.status()).isNotEqualTo(OK);
      Http2Client.Call protobuf =
          client.begin(LIST, "localhost", null, 3).send(new byte[] {-1, -1, -1}).end();
      assertThat(protobuf.status()).isEqualTo(INVALID_ARGUMENT);
      assertThat(client.begin("no.such.Service/Method", "localhost", null, 0).end().status())
          .isEqualTo(UNIMPLEMENTED);
      assertThat(log.alarms()).isEmpty();
    }
  }

  @Test
  void bytesThatAreNoHttp2AreNoAlarms() throws IOException {
    String preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
    try (LogRecord log = new LogRecord()) {
      for (String bytes :
          new String[] {
            "GET / HTTP/1.1\r\nHost: a\r\n\r\n",
            "\u0016\u0003\u0001\u0002\u0000\u0001\u0000\u0001",
            "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0",
            preface + "\0\0\0\4\0\0\0\0\0" + "\u00ff\u00ff\u00ff\u0001\u00ff\0\0\0\u0001",
            preface + "\0\0\0\4\0\0\0\0\0" + "\0\0\4\1\5\0\0\0\1\u00ff\u00ff\u00ff\u00ff",
            preface + "\0\0\3\4\0\0\0\0\0abc",
          }) {
        try (Socket socket = new Socket("127.0.0.1", gateway.grpcPort())) {
          socket.setSoTimeout(30_000);
          socket.getOutputStream().write(bytes.getBytes(StandardCharsets.ISO_8859_1));
          socket.getInputStream().readAllBytes();
        } catch (SocketException e) {
          // Broken off, which is as good.
        }
      }
      assertThat(call(LIST, "localhost").get("grpc-status")).asString().isEqualTo(OK);
      assertThat(log.alarms()).isEmpty();
    }
  }
}
