package dev.slipstream.gateway.rpc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.slipstream.gateway.access.KeyHash;
import dev.slipstream.gateway.fake.FakeDecode;
import dev.slipstream.gateway.fake.FakeTarget;
import dev.slipstream.gateway.fake.Gateway;
import dev.slipstream.gateway.fake.GrpcClient;
import dev.slipstream.proto.v1.GenerateRequest;
import dev.slipstream.proto.v1.GenerationServiceGrpc;
import dev.slipstream.proto.v1.GenerationServiceGrpc.GenerationServiceBlockingStub;
import dev.slipstream.proto.v1.ListModelsRequest;
import dev.slipstream.proto.v1.TokenizeRequest;
import io.grpc.Metadata;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.health.v1.HealthCheckRequest;
import io.grpc.health.v1.HealthGrpc;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;

/** API keys over gRPC, where the same keys hold as over HTTP. */
@Tag("suite")
@Timeout(60)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class GrpcAccessTest {
  private static final GenerateRequest REQUEST = GenerateRequest.newBuilder().setText("hi").build();
  private static final Metadata.Key<String> RETRY_AFTER_MS =
      Metadata.Key.of("retry-after-ms", Metadata.ASCII_STRING_MARSHALLER);

  private final FakeTarget target = FakeTarget.start();
  private Gateway gateway;
  private GrpcClient client;

  @BeforeAll
  void start() {
    gateway =
        Gateway.start(
                target.address(),
                "",
                "--slipstream.gateway.api-keys=a %s tenant=shop,b %s requests-per-minute=1,c %s max-concurrent=1"
                    .formatted(KeyHash.of("aa"), KeyHash.of("bb"), KeyHash.of("cc")))
            .awaitModels(1);
    client = new GrpcClient(gateway);
  }

  @BeforeEach
  void answer() {
    target.says("yes");
  }

  @AfterAll
  void stop() {
    client.close();
    gateway.close();
    target.close();
  }

  private static StatusRuntimeException refused(Status.Code code, ThrowingCallable call) {
    StatusRuntimeException[] refusal = new StatusRuntimeException[1];
    assertThatThrownBy(call)
        .isInstanceOfSatisfying(StatusRuntimeException.class, e -> refusal[0] = e);
    assertThat(refusal[0].getStatus().getCode()).isEqualTo(code);
    return refusal[0];
  }

  @Test
  void withoutAGoodKeyNothingIsAnsweredButHealth() {
    GenerationServiceBlockingStub bare = GenerationServiceGrpc.newBlockingStub(client.channel());
    for (GenerationServiceBlockingStub stub :
        new GenerationServiceBlockingStub[] {bare, client.stub("x")}) {
      refused(Status.Code.UNAUTHENTICATED, () -> stub.generate(REQUEST).next());
      refused(
          Status.Code.UNAUTHENTICATED,
          () -> stub.listModels(ListModelsRequest.getDefaultInstance()));
      refused(
          Status.Code.UNAUTHENTICATED, () -> stub.tokenize(TokenizeRequest.getDefaultInstance()));
    }
    assertThat(target.isIdle()).isTrue();
    HealthGrpc.newBlockingStub(client.channel()).check(HealthCheckRequest.getDefaultInstance());
  }

  @Test
  void aGoodKeyIsAnsweredAndItsTenantGoesToTheTarget() {
    client.stub("aa").generate(REQUEST).forEachRemaining(event -> {});
    assertThat(target.next().start().getTenant()).isEqualTo("shop");
  }

  @Test
  void moreRequestsThanAllowedAreToldWhenToComeBack() {
    client.stub("bb").generate(REQUEST).forEachRemaining(event -> {});
    StatusRuntimeException refusal =
        refused(Status.Code.RESOURCE_EXHAUSTED, () -> client.stub("bb").generate(REQUEST).next());
    assertThat(Long.parseLong(refusal.getTrailers().get(RETRY_AFTER_MS))).isBetween(1L, 60_000L);
    assertThat(
            client.stub("bb").listModels(ListModelsRequest.getDefaultInstance()).getModelsCount())
        .isOne();
  }

  @Test
  void aCallCountsUntilItIsOverOrCancelled() {
    target.script(FakeDecode::started);
    var first = client.stub("cc").generate(REQUEST);
    first.next();
    FakeDecode decode = target.next();
    refused(Status.Code.RESOURCE_EXHAUSTED, () -> client.stub("cc").generate(REQUEST).next());
    decode.commit("yes").finishByEnd();
    first.forEachRemaining(event -> {});
    target.says("yes");
    await()
        .ignoreExceptions()
        .untilAsserted(() -> client.stub("cc").generate(REQUEST).forEachRemaining(event -> {}));
  }
}
