package dev.slipstream.draft.transport;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.slipstream.proto.v1.DraftCommitted;
import dev.slipstream.proto.v1.DraftNode;
import dev.slipstream.proto.v1.DraftOpen;
import dev.slipstream.proto.v1.DraftRequest;
import dev.slipstream.proto.v1.DraftServiceGrpc;
import dev.slipstream.proto.v1.ListDraftersRequest;
import dev.slipstream.proto.v1.Proposal;
import io.grpc.Context;
import io.grpc.ManagedChannel;
import io.grpc.ManagedChannelBuilder;
import io.grpc.Status;
import io.grpc.health.v1.HealthCheckRequest;
import io.grpc.health.v1.HealthCheckResponse.ServingStatus;
import io.grpc.health.v1.HealthGrpc;
import io.micrometer.core.instrument.MeterRegistry;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.grpc.test.autoconfigure.LocalGrpcServerPort;
import org.springframework.boot.micrometer.metrics.test.autoconfigure.AutoConfigureMetrics;
import org.springframework.boot.test.context.SpringBootTest;
import org.springframework.boot.test.web.server.LocalServerPort;

/** The service over a real port, as a gateway in another process uses it. */
@SpringBootTest(
    webEnvironment = SpringBootTest.WebEnvironment.RANDOM_PORT,
    properties = {"spring.grpc.server.port=0", "slipstream.draft.max-context=1000000"})
@Tag("suite")
@AutoConfigureMetrics
class DraftGrpcServiceTest {
  @LocalGrpcServerPort private int grpcPort;
  @LocalServerPort private int httpPort;
  @Autowired private MeterRegistry meters;

  private ManagedChannel channel;

  @BeforeEach
  void connect() {
    channel = ManagedChannelBuilder.forAddress("localhost", grpcPort).usePlaintext().build();
  }

  @AfterEach
  void disconnect() {
    channel.shutdownNow();
  }

  @Test
  void proposalsFollowTheTextAsItGrows() throws Exception {
    DraftResponses responses = new DraftResponses();
    var requests = DraftServiceGrpc.newStub(channel).draft(responses);
    requests.onNext(open("", 5, 6, 7, 8, 1, 2, 3, 4, 5, 6));

    Proposal first = responses.next();
    assertThat(first.getBaseLength()).isEqualTo(10);
    assertThat(first.getDrafter()).isEqualTo("prompt-lookup");
    assertThat(tokens(first)).startsWith(7, 8, 1, 2);
    assertThat(first.getNodes(0).getParent()).isEqualTo(-1);
    assertThat(first.getNodes(0).getQCount()).isZero();

    requests.onNext(committed(10, 3, 4));
    Proposal second = responses.next();
    assertThat(second.getEpoch()).isGreaterThan(first.getEpoch());
    assertThat(second.getBaseLength()).isEqualTo(12);
    assertThat(tokens(second)).startsWith(5, 6);

    requests.onCompleted();
    assertThat(responses.end.get().getCode()).isEqualTo(Status.Code.OK);
  }

  @Test
  void aVeryLongPromptIsTakenInOneMessage() throws Exception {
    DraftResponses responses = new DraftResponses();
    var requests = DraftServiceGrpc.newStub(channel).draft(responses);
    int[] prompt =
        IntStream.concat(
                IntStream.range(100_000_000, 100_999_998), IntStream.of(100_000_003, 100_000_004))
            .toArray();
    requests.onNext(open("", prompt));

    assertThat(tokens(responses.next())).startsWith(100_000_005, 100_000_006);
    requests.onCompleted();
  }

  @Test
  void refusalsHaveTheirOwnStatusCodes() throws Exception {
    assertEnds(Status.Code.NOT_FOUND, "prompt-lookup", open("oracle", 1, 2));
    assertEnds(Status.Code.INVALID_ARGUMENT, "known here has 2", open("", 1, 2), committed(5, 1));
    assertEnds(Status.Code.INVALID_ARGUMENT, "must be open", committed(0, 1));
    assertEnds(Status.Code.INVALID_ARGUMENT, "open already", open("", 1), open("", 1));
    assertEnds(Status.Code.INVALID_ARGUMENT, "neither", DraftRequest.getDefaultInstance());
    assertEnds(Status.Code.RESOURCE_EXHAUSTED, "1000000", open("", new int[1_000_001]));
  }

  @Test
  void aCancelledCallFreesItsStream() throws Exception {
    DraftResponses responses = new DraftResponses();
    Context.CancellableContext context = Context.current().withCancellation();
    context.run(
        () -> DraftServiceGrpc.newStub(channel).draft(responses).onNext(open("", 1, 2, 1, 2)));
    responses.next();
    assertThat(openStreams()).isPositive();

    context.cancel(null);

    await().until(() -> openStreams() == 0);
  }

  @Test
  void draftersCanBeListed() {
    var drafters =
        DraftServiceGrpc.newBlockingStub(channel)
            .listDrafters(ListDraftersRequest.getDefaultInstance());

    assertThat(drafters.getTokenizerDigest()).isEmpty();
    assertThat(drafters.getDraftersList())
        .singleElement()
        .satisfies(
            card -> {
              assertThat(card.getName()).isEqualTo("prompt-lookup");
              assertThat(card.getIsDefault()).isTrue();
              assertThat(card.getDescription()).isNotBlank();
            });
  }

  @Test
  void healthAndFiguresAreThereForOperators() throws Exception {
    assertThat(http("/actuator/health")).contains("UP");
    assertThat(http("/actuator/prometheus"))
        .contains("slipstream_draft_streams", "slipstream_draft_refused_total{");
    assertThat(
            HealthGrpc.newBlockingStub(channel)
                .check(HealthCheckRequest.getDefaultInstance())
                .getStatus())
        .isEqualTo(ServingStatus.SERVING);
  }

  private void assertEnds(Status.Code code, String said, DraftRequest... sent) throws Exception {
    DraftResponses responses = new DraftResponses();
    var requests = DraftServiceGrpc.newStub(channel).draft(responses);
    for (DraftRequest request : sent) {
      requests.onNext(request);
    }
    Status end = responses.end.get();
    assertThat(end.getCode()).as(end.toString()).isEqualTo(code);
    assertThat(end.getDescription()).contains(said);
  }

  private double openStreams() {
    return meters.get("slipstream.draft.streams").gauge().value();
  }

  private static List<Integer> tokens(Proposal proposal) {
    return proposal.getNodesList().stream().map(DraftNode::getToken).toList();
  }

  private static DraftRequest open(String drafter, int... prompt) {
    DraftOpen.Builder open = DraftOpen.newBuilder().setDrafter(drafter).setMaxTokens(16);
    IntStream.of(prompt).forEach(open::addPrompt);
    return DraftRequest.newBuilder().setOpen(open).build();
  }

  private static DraftRequest committed(int baseLength, int... tokens) {
    DraftCommitted.Builder committed =
        DraftCommitted.newBuilder().setBaseLength(baseLength).setWantedDraftTokens(4);
    IntStream.of(tokens).forEach(committed::addTokens);
    return DraftRequest.newBuilder().setCommitted(committed).build();
  }

  private String http(String path) throws Exception {
    try (HttpClient client = HttpClient.newHttpClient()) {
      URI uri = URI.create("http://localhost:" + httpPort + path);
      return client
          .send(HttpRequest.newBuilder(uri).build(), HttpResponse.BodyHandlers.ofString())
          .body();
    }
  }
}
