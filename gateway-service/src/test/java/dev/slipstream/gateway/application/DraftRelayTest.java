package dev.slipstream.gateway.application;

import static org.assertj.core.api.Assertions.assertThat;

import dev.slipstream.gateway.fake.Bench;
import dev.slipstream.gateway.fake.Exchange;
import dev.slipstream.gateway.fake.FakeDecode;
import dev.slipstream.gateway.fake.FakeDraft;
import dev.slipstream.gateway.fake.FakeTarget;
import dev.slipstream.gateway.fake.TestVocabulary;
import dev.slipstream.proto.v1.Committed;
import dev.slipstream.proto.v1.DraftFeedback;
import dev.slipstream.proto.v1.DraftNode;
import dev.slipstream.proto.v1.DraftOpen;
import dev.slipstream.proto.v1.FinishReason;
import dev.slipstream.proto.v1.Lossless;
import dev.slipstream.proto.v1.Proposal;
import dev.slipstream.proto.v1.SamplingParams;
import dev.slipstream.proto.v1.SpeculationOptions;
import dev.slipstream.proto.v1.SpeculationStatus;
import io.grpc.Status;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What passes between a drafter and the target, which only they understand. */
@Timeout(120)
class DraftRelayTest {
  private final FakeTarget target = FakeTarget.start();
  private final FakeDraft draft = FakeDraft.start();
  private Bench bench;

  private Exchange begin(SpeculationOptions.Builder speculation, SamplingParams.Builder sampling) {
    bench = new Bench(List.of(target), List.of(draft), Bench.SETTINGS);
    return bench.begin(
        Bench.chat("hi").setSpeculation(speculation).setSampling(sampling).addStop("STOP"));
  }

  private Exchange begin() {
    return begin(SpeculationOptions.newBuilder(), SamplingParams.newBuilder().setTemperature(1));
  }

  @AfterEach
  void stop() {
    bench.close();
    target.close();
    draft.close();
  }

  @Test
  void aDrafterIsToldWhoseTextItIsAndHowTokensAreChosenButNotTheTargetsSeed() {
    begin(
        SpeculationOptions.newBuilder(),
        SamplingParams.newBuilder().setTemperature(0.5f).setTopK(7).setSeed(99));
    DraftOpen open = draft.next().open();

    assertThat(open.getTenant()).isEqualTo(Caller.ANYBODY.tenant());
    assertThat(open.getSampling().getTemperature()).isEqualTo(0.5f);
    assertThat(open.getSampling().getTopK()).isEqualTo(7);
    assertThat(open.getSampling().hasSeed()).isFalse();
    assertThat(open.getMaxTeacherTokens()).isEqualTo(64);
  }

  @Test
  void whatTheTargetSaysAboutADraftReachesTheDrafterAsItIs() {
    begin();
    FakeDraft.Stream stream = draft.next();
    FakeDecode decode = target.next().started();
    DraftFeedback feedback =
        DraftFeedback.newBuilder()
            .setBaseLength(17)
            .setDrafted(-3)
            .addTeacherTokens(-1)
            .addTeacherProbabilities(Float.POSITIVE_INFINITY)
            .build();
    decode.commit(TestVocabulary.tokens("a"), Committed.newBuilder().setFeedback(feedback));

    assertThat(stream.nextCommit().getFeedbackList()).containsExactly(feedback);
    decode.commit("b");
    assertThat(stream.nextCommit().getFeedbackList()).isEmpty();
  }

  /**
   * Of a draft with a distribution, in either form, an answer must not say that it changed nothing.
   */
  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void aDrawnDraftMakesAnAnswerThatStopsEarlyALossOfItsDraws(boolean drawn) {
    Exchange chat = begin();
    DraftNode.Builder node = DraftNode.newBuilder().setToken(3).setParent(-1);
    if (drawn) {
      node.addQTokens(3).addQProbabilities(1);
    }
    draft.next().propose(Proposal.newBuilder().setEpoch(1).setBaseLength(5).addNodes(node));
    FakeDecode decode = target.next().started();
    decode.nextProposal();
    decode.commit("text STOP");

    assertThat(chat.finished().speculation().getLossless())
        .isEqualTo(drawn ? Lossless.LOSSLESS_DISTRIBUTION : Lossless.LOSSLESS_TOKEN);
    assertThat(chat.finished().speculation().getStatus())
        .isEqualTo(SpeculationStatus.SPECULATION_STATUS_GATED);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "own"})
  void aTargetThatDraftsForItselfNeedsNoDraftStream(String named) {
    target.drafters("own", "other");
    Exchange chat =
        begin(
            SpeculationOptions.newBuilder().setDrafter(named),
            SamplingParams.newBuilder().setTemperature(0));
    FakeDecode decode = target.next();
    assertThat(decode.start().getNoDraftReason()).isEmpty();
    assertThat(decode.start().getSpeculation().getDrafter()).isEqualTo(named);
    decode.started().commit("hello").finish(FinishReason.FINISH_REASON_LENGTH);

    assertThat(chat.finished().speculation().getState()).as("as the target says").isEqualTo("on");
    assertThat(draft.isIdle()).isTrue();
    assertThat(bench.counter("slipstream.draft.stream.missing")).isZero();
  }

  @Test
  void aDrafterThatTheTargetDoesNotHostIsAskedForElsewhere() {
    target.drafters("own");
    begin(
        SpeculationOptions.newBuilder().setDrafter("elsewhere"),
        SamplingParams.newBuilder().setTemperature(0));

    assertThat(draft.next().open().getDrafter()).isEqualTo("elsewhere");
  }

  /** The rest of the answer must be what the lost target would have said, bit for bit. */
  @ParameterizedTest
  @ValueSource(strings = {"", "i16s/2", "f32"})
  void anAnswerGoesOnOnlyWhereKeysAndValuesAreKeptAlike(String encoding) {
    FakeTarget other = FakeTarget.start().kvEncoding(encoding);
    bench =
        new Bench(
            List.of(target.kvEncoding("i16s/2"), other),
            List.of(),
            new GenerationSettings(
                64, Duration.ofMinutes(1), Duration.ZERO, Duration.ofMinutes(1)));
    Exchange chat = bench.begin(Bench.chat("hi"));
    FakeDecode decode = target.next().started().commit("Hello");
    chat.awaitText("Hello");
    decode.fail(Status.UNAVAILABLE);
    if (encoding.equals("f32")) {
      assertThat(chat.error()).isNotNull();
    } else {
      other.next().started().commit(" there").finishByEnd();
      assertThat(chat.answer()).isEqualTo("Hello there");
    }
    other.close();
  }
}
