package dev.slipstream.gateway.rpc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.slipstream.gateway.access.ByteBudget;
import dev.slipstream.gateway.access.KeyHash;
import dev.slipstream.gateway.fake.FakeDecode;
import dev.slipstream.gateway.fake.FakeTarget;
import dev.slipstream.gateway.fake.Gateway;
import dev.slipstream.gateway.fake.GrpcClient;
import dev.slipstream.gateway.fake.Http2Client;
import dev.slipstream.gateway.fake.LogRecord;
import dev.slipstream.proto.v1.DetokenizeRequest;
import dev.slipstream.proto.v1.GenerateRequest;
import dev.slipstream.proto.v1.GenerationServiceGrpc;
import dev.slipstream.proto.v1.TokenizeRequest;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.health.v1.HealthCheckRequest;
import io.grpc.health.v1.HealthCheckResponse.ServingStatus;
import io.grpc.health.v1.HealthGrpc;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;

/** Messages on gRPC calls are the same bytes as bodies, and share their budget. */
@Tag("suite")
@Timeout(120)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class GrpcBytesTest {
  private static final String GENERATE =
      GenerationServiceGrpc.getGenerateMethod().getFullMethodName();
  private static final String CHECK = HealthGrpc.getCheckMethod().getFullMethodName();
  private static final String RESOURCE_EXHAUSTED = "8";
  private static final String UNAVAILABLE = "14";
  private static final int LARGE = 60_000;

  private final FakeTarget target = FakeTarget.start().context(1 << 20);
  private final List<Http2Client> clients = new ArrayList<>();
  private Gateway gateway;
  private GrpcClient client;
  private ByteBudget budget;

  @BeforeAll
  void start() {
    gateway =
        Gateway.start(
                target.address(),
                "",
                "--slipstream.gateway.max-body-size=128KB",
                "--slipstream.gateway.limits.request-bytes=256KB",
                "--slipstream.gateway.body-pause=1h",
                "--slipstream.gateway.api-keys=a %s,b %s,c %s,d %s"
                    .formatted(KeyHash.of("a"), KeyHash.of("b"), KeyHash.of("c"), KeyHash.of("d")))
            .awaitModels(1);
    budget = gateway.context().getBean(ByteBudget.class);
    client = new GrpcClient(gateway);
  }

  @BeforeEach
  void answer() {
    target.says("yes");
  }

  @AfterEach
  void leave() {
    clients.forEach(Http2Client::close);
    clients.clear();
    await().until(() -> budget.held() == 0);
  }

  @AfterAll
  void stop() {
    client.close();
    gateway.close();
    target.close();
  }

  private static GenerateRequest prompt(int length) {
    return GenerateRequest.newBuilder().setText("a".repeat(length)).build();
  }

  /** A connection for each, so that none waits for another's leave to send. */
  private Http2Client.Call unfinished(String key) {
    Http2Client client = new Http2Client(gateway.grpcPort());
    clients.add(client);
    return client.begin(GENERATE, "localhost", "Bearer " + key, LARGE + 1).send(new byte[LARGE]);
  }

  private void hold(String key, int messages) {
    for (int i = 0; i < messages; i++) {
      long before = budget.held();
      unfinished(key);
      await().until(() -> budget.held() >= before + LARGE);
    }
  }

  @Test
  void unfinishedMessagesOfOneKeyAreRefusedAndOthersAndProbesAreServed() {
    hold("a", 2);
    Http2Client.Call refused = unfinished("a");
    assertThat(refused.status()).isEqualTo(RESOURCE_EXHAUSTED);
    assertThat(refused.trailers().get("retry-after-ms")).asString().isEqualTo("1000");
    assertThat(refused.trailers().get("grpc-message")).asString().contains("this key");
    client.stub("b").generate(prompt(10)).forEachRemaining(event -> {});
    client.stub("a").generate(prompt(10)).forEachRemaining(event -> {});
    assertThat(
            HealthGrpc.newBlockingStub(client.channel())
                .check(HealthCheckRequest.getDefaultInstance())
                .getStatus())
        .isEqualTo(ServingStatus.SERVING);
  }

  @Test
  void whenAllIsTakenNewcomersAreToldSo() {
    hold("a", 1);
    hold("b", 1);
    hold("c", 1);
    Http2Client.Call refused = unfinished("d");
    assertThat(refused.status()).isEqualTo(UNAVAILABLE);
    assertThat(refused.trailers().get("retry-after-ms")).asString().isEqualTo("1000");
    client.stub("d").generate(prompt(10)).forEachRemaining(event -> {});
  }

  @Test
  void bodiesAndMessagesShareOneBudget() {
    hold("a", 2);
    var answer =
        gateway.send(
            java.net.http.HttpRequest.newBuilder(gateway.uri("/tokenize"))
                .header("Content-Type", "application/json")
                .header("Authorization", "Bearer a")
                .POST(
                    java.net.http.HttpRequest.BodyPublishers.ofString(
                        "{\"content\": \"%s\"}".formatted("a".repeat(LARGE))))
                .build());
    assertThat(answer.status()).isEqualTo(429);
  }

  @Test
  void aMessageOfManySmallFramesCountsForTheirOverheadToo() {
    Http2Client client = new Http2Client(gateway.grpcPort());
    clients.add(client);
    Http2Client.Call call =
        client.begin(GENERATE, "localhost", "Bearer a", LARGE).send(new byte[1]);
    await().until(() -> budget.held() > 0);
    for (int i = 0; i < 100; i++) {
      call.send(new byte[1]);
    }
    await().until(() -> budget.held() > 100 * 100);
    call.cancel();
    await().until(() -> budget.held() == 0);
  }

  @Test
  void whatIsBeingAnsweredIsHeldUntilItsEnd() {
    target.script(FakeDecode::started);
    Iterator<?> answer = client.stub("a").generate(prompt(LARGE));
    answer.next();
    assertThat(budget.held()).isGreaterThan(LARGE).isLessThan(LARGE + LARGE / 10);
    target.next().commit("yes").finishByEnd();
    answer.forEachRemaining(event -> {});
    await().until(() -> budget.held() == 0);
  }

  /** A thousand bytes may hide a hundred thousand. */
  @Test
  void compressedMessagesCountForWhatTheyBecome() {
    hold("a", 1);
    assertThatThrownBy(
            () -> client.stub("a").withCompression("gzip").generate(prompt(120_000)).next())
        .isInstanceOfSatisfying(
            StatusRuntimeException.class,
            e -> assertThat(e.getStatus().getCode()).isEqualTo(Status.Code.RESOURCE_EXHAUSTED));
    assertThat(target.isIdle()).isTrue();
  }

  @Test
  void nobodyFillsTheGatewayWithQuestionsForHealth() {
    Http2Client client = new Http2Client(gateway.grpcPort());
    clients.add(client);
    Http2Client.Call call = client.begin(CHECK, "localhost", null, LARGE).send(new byte[10_000]);
    assertThat(call.status()).isEqualTo(UNAVAILABLE);
  }

  @Test
  void refusalsAreNoAlarms() {
    hold("a", 2);
    try (LogRecord log = new LogRecord()) {
      unfinished("a").status();
      assertThat(log.alarms()).isEmpty();
    }
  }

  @Test
  void otherCallsAreServedAsEver() {
    int[] tokens =
        client
            .stub("a")
            .tokenize(TokenizeRequest.newBuilder().setContent("abc").build())
            .getTokensList()
            .stream()
            .mapToInt(i -> i)
            .toArray();
    var text =
        client
            .stub("a")
            .detokenize(
                DetokenizeRequest.newBuilder()
                    .addAllTokens(java.util.Arrays.stream(tokens).boxed().toList())
                    .build());
    assertThat(text.getContent()).isEqualTo("abc");
  }
}
