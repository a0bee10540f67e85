package dev.slipstream.draft.application;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.slipstream.draft.application.DraftRefusedException.Reason;
import dev.slipstream.drafting.DraftContext;
import dev.slipstream.drafting.Progress;
import dev.slipstream.drafting.Resting;
import dev.slipstream.drafting.TargetFeatures;
import dev.slipstream.drafting.toy.CountingDrafter;
import dev.slipstream.drafting.toy.KeptProposals;
import dev.slipstream.engine.sampling.SamplingParams;
import dev.slipstream.engine.speculation.Proposed;
import dev.slipstream.engine.speculation.VerifiedDraft;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Optional;
import java.util.Queue;
import java.util.stream.IntStream;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;

class DraftStreamTest {
  private static final DraftContext CONTEXT =
      new DraftContext(SamplingParams.greedy(), "", TargetFeatures.NONE);

  private final MeterRegistry meters = new SimpleMeterRegistry();
  private final Queue<Runnable> tasks = new ArrayDeque<>();
  private final CountingDrafter drafter = new CountingDrafter(0);
  private final KeptProposals sink = new KeptProposals();
  private final DraftStreams streams = streams(DraftVocabulary.any(), 100);

  private DraftStreams streams(DraftVocabulary vocabulary, long maxIndexedTokens) {
    DraftLimits limits = new DraftLimits(2, 50, maxIndexedTokens, 8, new Resting(2, 4));
    return new DraftStreams(
        List.of(drafter), "counting", vocabulary, limits, tasks::add, new DraftMetrics(meters));
  }

  private static DraftOpening opening(
      String tokenizer, int[] prompt, String drafter, int maxTokens) {
    return new DraftOpening(tokenizer, prompt, drafter, maxTokens, CONTEXT);
  }

  private DraftStream open(int... prompt) {
    return streams.open(opening("", prompt, "", 100), sink);
  }

  private void runAll() {
    while (!tasks.isEmpty()) {
      tasks.remove().run();
    }
  }

  @Test
  void thePromptIsContinuedAtOnce() {
    open(1, 2, 3);
    runAll();

    Proposed first = sink.proposals.getFirst();
    assertThat(first.baseLength()).isEqualTo(3);
    assertThat(first.drafter()).isEqualTo("counting");
    assertThat(first.tree().token(0)).isEqualTo(4);
    assertThat(first.tree().size()).isEqualTo(8);
  }

  @Test
  void closingFreesTheTextAndItsPlaceEvenWhileTheDrafterWorks() {
    DraftStream waiting = open(1, 2, 3);
    DraftStream idle = open(IntStream.range(0, 50).toArray());
    waiting.close();
    runAll();
    idle.close();
    idle.close();

    assertThat(drafter.open).isZero();
    assertThat(meters.get("slipstream.draft.streams").gauge().value()).isZero();
    open(IntStream.range(0, 50).toArray());
    open(IntStream.range(0, 50).toArray());
  }

  @Test
  void aDrafterThatBreaksEndsItsStreamOnly() {
    drafter.broken = new IllegalStateException("broken");
    open(1);
    runAll();

    assertThat(sink.failure).hasMessage("broken");
    assertThat(drafter.open).isZero();
    assertThat(meters.get("slipstream.draft.streams").gauge().value()).isZero();
  }

  /** Or its client would wait for proposals that never come, and its place stay taken. */
  @Test
  void anErrorInADrafterEndsItsStreamToo() {
    drafter.broken = new StackOverflowError();
    open(1);
    runAll();

    assertThat(sink.failure).isSameAs(drafter.broken);
    assertThat(drafter.open).isZero();
    assertThat(meters.get("slipstream.draft.streams").gauge().value()).isZero();
  }

  @Test
  void aGapInTheTextIsRefusedWithBothLengths() {
    DraftStream stream = open(1, 2, 3);

    assertRefused(
        () -> stream.commit(5, Progress.of(new int[] {4}), 1),
        Reason.INVALID,
        "after 5 tokens",
        "has 3");
  }

  /** A drafter that learns would take other tokens for those that were refused. */
  @Test
  void feedbackAboutOtherTokensThanTheCommittedOnesIsRefused() {
    for (VerifiedDraft elsewhere :
        List.of(feedback(2, 1), feedback(3, 3), feedback(5, 1), feedback(Integer.MAX_VALUE, 1))) {
      DraftStream stream = open(1, 2, 3);
      assertRefused(
          () -> stream.commit(3, new Progress(new int[] {4, 5}, List.of(elsewhere)), 1),
          Reason.INVALID,
          "feedback about",
          "from 3 to 5");
      stream.close();
    }
    open(1, 2, 3).commit(3, new Progress(new int[] {4, 5}, List.of(feedback(3, 2))), 1);
  }

  private static VerifiedDraft feedback(int base, int accepted) {
    return new VerifiedDraft(base, 4, accepted, Optional.empty());
  }

  @Test
  void limitsAreRefusalsThatNameThem() {
    assertRefused(() -> open(new int[51]), Reason.EXHAUSTED, "51", "50");
    DraftStream first = open(new int[50]);
    assertRefused(() -> first.commit(50, Progress.of(new int[1]), 1), Reason.EXHAUSTED, "51", "50");
    open(1);
    assertRefused(() -> open(1), Reason.EXHAUSTED, "2 streams");

    DraftStreams small = streams(DraftVocabulary.any(), 10);
    assertRefused(
        () -> small.open(opening("", new int[11], "", 1), sink), Reason.EXHAUSTED, "in all");
  }

  @Test
  void anotherTokenizerIsRefusedWithBothDigests() {
    DraftStreams own = streams(new DraftVocabulary("aaaa", 100), 100);

    assertRefused(
        () -> own.open(opening("bbbb", new int[] {1}, "", 1), sink),
        Reason.TOKENIZER_MISMATCH,
        "aaaa",
        "bbbb");
    own.open(opening("aaaa", new int[] {1}, "", 1), sink);
    assertRefused(
        () -> own.open(opening("aaaa", new int[] {100}, "", 1), sink),
        Reason.INVALID,
        "token 100",
        "vocabulary of 100");
    assertThat(meters.counter("slipstream.draft.refused", "reason", "tokenizer_mismatch").count())
        .isEqualTo(1);
  }

  @Test
  void requestsThatMakeNoSenseAreRefused() {
    assertRefused(
        () -> streams.open(opening("", new int[] {1}, "oracle", 1), sink),
        Reason.UNKNOWN_DRAFTER,
        "oracle",
        "counting");
    assertRefused(
        () -> streams.open(opening("", new int[] {1}, "", 0), sink), Reason.INVALID, "max_tokens");
    assertRefused(() -> open(), Reason.INVALID, "empty");
    assertRefused(() -> open(-1), Reason.INVALID, "-1");
    DraftStream stream = open(1);
    assertRefused(
        () -> stream.commit(1, Progress.of(new int[0]), -1), Reason.INVALID, "wanted_draft_tokens");
  }

  private static void assertRefused(ThrowingCallable call, Reason reason, String... said) {
    assertThatThrownBy(call)
        .isInstanceOfSatisfying(
            DraftRefusedException.class,
            e -> {
              assertThat(e.reason()).isEqualTo(reason);
              assertThat(e.getMessage()).contains(said);
            });
  }
}
