package dev.slipstream.draft.transport;

import static org.assertj.core.api.Assertions.assertThat;

import dev.slipstream.draft.application.DraftLimits;
import dev.slipstream.draft.application.DraftMetrics;
import dev.slipstream.draft.application.DraftStreams;
import dev.slipstream.draft.application.DraftVocabulary;
import dev.slipstream.drafting.FusedDrafter;
import dev.slipstream.drafting.Resting;
import dev.slipstream.drafting.promptlookup.PromptLookupConfig;
import dev.slipstream.drafting.promptlookup.PromptLookupDrafter;
import dev.slipstream.drafting.toy.DrawingDrafter;
import dev.slipstream.drafting.toy.LearningDrafter;
import dev.slipstream.proto.v1.DraftCommitted;
import dev.slipstream.proto.v1.DraftFeedback;
import dev.slipstream.proto.v1.DraftNode;
import dev.slipstream.proto.v1.DraftOpen;
import dev.slipstream.proto.v1.DraftRequest;
import dev.slipstream.proto.v1.DraftServiceGrpc;
import dev.slipstream.proto.v1.Proposal;
import dev.slipstream.proto.v1.SamplingParams;
import io.grpc.ManagedChannel;
import io.grpc.Server;
import io.grpc.Status;
import io.grpc.inprocess.InProcessChannelBuilder;
import io.grpc.inprocess.InProcessServerBuilder;
import io.grpc.stub.StreamObserver;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What drafters of every kind hear and say over the network: all of it, or they work blindly. */
@Timeout(60)
class DraftContractTest {
  private final LearningDrafter learning = new LearningDrafter();
  private Server server;
  private ManagedChannel channel;

  @BeforeEach
  void serve() throws IOException {
    PromptLookupDrafter lookup = new PromptLookupDrafter(PromptLookupConfig.DEFAULT);
    DrawingDrafter drawing = new DrawingDrafter(4);
    DraftStreams streams =
        new DraftStreams(
            List.of(
                lookup,
                drawing,
                learning,
                new FusedDrafter("fused", List.of(lookup, drawing, learning))),
            "fused",
            new DraftVocabulary("", 1000),
            new DraftLimits(4, 100, 400, 16, Resting.DEFAULT),
            Runnable::run,
            new DraftMetrics(new SimpleMeterRegistry()));
    String name = InProcessServerBuilder.generateName();
    server =
        InProcessServerBuilder.forName(name)
            .addService(new DraftGrpcService(streams))
            .build()
            .start();
    channel = InProcessChannelBuilder.forName(name).build();
  }

  @AfterEach
  void stop() {
    channel.shutdownNow();
    server.shutdownNow();
  }

  @Test
  void theDistributionThatATokenWasDrawnFromComesWithIt() throws Exception {
    Proposal proposal =
        new Stream(open("drawing").setSampling(SamplingParams.newBuilder().setTemperature(1)))
            .next();

    assertThat(proposal.getNodesList())
        .hasSize(3)
        .allSatisfy(
            node -> {
              assertThat(node.getQTokensList()).containsExactly(3, 5, 7, 8);
              assertThat(node.getQProbabilitiesList()).containsOnly(0.25f);
              assertThat(node.getQTokensList()).contains(node.getToken());
              assertThat(node.getLogProbability()).isEqualTo((float) Math.log(0.25));
            });
  }

  @Test
  void aDrafterKnowsHowTheTargetChoosesTokens() throws Exception {
    Proposal proposal =
        new Stream(open("drawing").setSampling(SamplingParams.newBuilder().setTemperature(0)))
            .next();

    assertThat(proposal.getNodesList()).isNotEmpty().allMatch(node -> node.getQTokensCount() == 0);
  }

  @Test
  void aDrafterLearnsWhatTheTargetThoughtWhereItWasRefused() throws Exception {
    Stream stream = new Stream(open("learning").setTenant("acme").setMaxTeacherTokens(64));
    assertThat(stream.next().getTeacherTokens()).isEqualTo(learning.teacherTokens());
    stream.commit(
        4,
        List.of(42, 8),
        DraftFeedback.newBuilder()
            .setBaseLength(4)
            .setDrafted(1)
            .addTeacherTokens(42)
            .addTeacherTokens(43)
            .addTeacherProbabilities(0.75f)
            .addTeacherProbabilities(0.125f)
            .setTailMass(0.125f));

    DraftNode first = stream.next().getNodes(0);
    assertThat(first.getToken()).as("after 8 the target had thought of").isEqualTo(42);
    assertThat(first.getLogProbability()).isEqualTo((float) Math.log(0.75));
    assertThat(learning.contexts.getFirst().tenant()).isEqualTo("acme");
    assertThat(learning.contexts.getFirst().features().teacherTokens()).isEqualTo(64);
  }

  @Test
  void aTargetThatTeachesNothingIsNotAskedTo() throws Exception {
    assertThat(new Stream(open("learning")).next().getTeacherTokens()).isZero();
    assertThat(learning.contexts.getFirst().features().teacherTokens()).isZero();
  }

  @Test
  void aMergedDraftSaysWhoFoundWhat() throws Exception {
    Proposal proposal =
        new Stream(
                DraftOpen.newBuilder()
                    .setDrafter("fused")
                    .setMaxTokens(16)
                    .addAllPrompt(List.of(1, 2, 3, 4, 5, 1, 2)))
            .next();

    assertThat(proposal.getDrafter()).isEqualTo("fused");
    assertThat(proposal.getSourcesList()).contains("prompt-lookup", "drawing");
    assertThat(proposal.getNodesList()).allMatch(DraftNode::hasSource);
    assertThat(proposal.getDraftSeconds()).isPositive();
  }

  @Test
  void whatCannotBeIsRefusedWithItsField() throws Exception {
    refusedAtOpen("sampling: temperature is 9", o -> o.getSamplingBuilder().setTemperature(9));
    refusedAtOpen(
        "sampling.logit_bias is token -1", o -> o.getSamplingBuilder().putLogitBias(-1, 1));
    refusedAtOpen("tenant has 257 characters", o -> o.setTenant("t".repeat(257)));
    refusedAtOpen("max_teacher_tokens is -1", o -> o.setMaxTeacherTokens(-1));
    refusedAtOpen("token 1000 at position 4", o -> o.addPrompt(1000));
    refusedFeedback("feedback[0].drafted is 0", f -> f.setDrafted(0));
    refusedFeedback("feedback[0].accepted is 2", f -> f.setAccepted(2));
    refusedFeedback("feedback[0].teacher_tokens[0] is token 1000", f -> teach(f, 1000, 0.5f));
    refusedFeedback("feedback[0].teacher_probabilities: a prob", f -> teach(f, 5, Float.NaN));
    refusedFeedback("feedback about 0 tokens from 9 on", f -> f.setBaseLength(9));
  }

  private static void teach(DraftFeedback.Builder feedback, int token, float probability) {
    feedback.addTeacherTokens(token).addTeacherProbabilities(probability).setTailMass(0.5f);
  }

  private void refusedAtOpen(String said, Consumer<DraftOpen.Builder> change) throws Exception {
    DraftOpen.Builder open = open("");
    change.accept(open);
    assertRefused(new Stream(open), said);
  }

  private void refusedFeedback(String said, Consumer<DraftFeedback.Builder> change)
      throws Exception {
    DraftFeedback.Builder feedback = DraftFeedback.newBuilder().setBaseLength(4).setDrafted(1);
    change.accept(feedback);
    Stream stream = new Stream(open(""));
    stream.commit(4, List.of(9), feedback);
    assertRefused(stream, said);
  }

  private static void assertRefused(Stream stream, String said) throws Exception {
    Status status = stream.end.get(30, TimeUnit.SECONDS);
    assertThat(status.getCode()).as(status.toString()).isEqualTo(Status.Code.INVALID_ARGUMENT);
    assertThat(status.getDescription()).contains(said);
  }

  private static DraftOpen.Builder open(String drafter) {
    return DraftOpen.newBuilder()
        .setDrafter(drafter)
        .setMaxTokens(8)
        .addAllPrompt(List.of(3, 5, 7, 8));
  }

  private final class Stream extends DraftResponses {
    final StreamObserver<DraftRequest> requests;

    Stream(DraftOpen.Builder open) {
      requests = DraftServiceGrpc.newStub(channel).draft(this);
      requests.onNext(DraftRequest.newBuilder().setOpen(open).build());
    }

    void commit(int base, List<Integer> tokens, DraftFeedback.Builder feedback) {
      requests.onNext(
          DraftRequest.newBuilder()
              .setCommitted(
                  DraftCommitted.newBuilder()
                      .setBaseLength(base)
                      .addAllTokens(tokens)
                      .setWantedDraftTokens(4)
                      .addFeedback(feedback))
              .build());
    }
  }
}
