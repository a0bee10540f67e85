package dev.slipstream.draft.application;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.slipstream.draft.application.DraftRefusedException.Reason;
import dev.slipstream.draft.drafter.DraftSession;
import dev.slipstream.draft.drafter.Drafter;
import dev.slipstream.engine.speculation.DraftTree;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.stream.IntStream;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;

class DraftStreamTest {
  private final MeterRegistry meters = new SimpleMeterRegistry();
  private final Queue<Runnable> tasks = new ArrayDeque<>();
  private final Counting drafter = new Counting();
  private final Sink sink = new Sink();
  private final DraftStreams streams = streams(Vocabulary.any(), 100);

  private DraftStreams streams(Vocabulary vocabulary, long maxIndexedTokens) {
    DraftLimits limits = new DraftLimits(2, 50, maxIndexedTokens, 8, new DraftLimits.Resting(2, 4));
    return new DraftStreams(
        List.of(drafter), "counting", vocabulary, limits, tasks::add, new DraftMetrics(meters));
  }

  private DraftStream open(int... prompt) {
    return streams.open(new DraftOpening("", prompt, "", 100), sink);
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
  void aTargetThatFollowsTheMainChainIsSentMoreOnlyWhenHalfIsUsed() {
    DraftStream stream = open(1, 2, 3);
    runAll();
    stream.commit(3, new int[] {4, 5}, 4);
    runAll();
    stream.commit(5, new int[] {6, 7}, 4);
    runAll();
    assertThat(sink.proposals).hasSize(1);

    stream.commit(7, new int[] {8}, 4);
    runAll();

    assertThat(sink.proposals).hasSize(2);
    assertThat(sink.proposals.get(1).baseLength()).isEqualTo(8);
    assertThat(sink.proposals.get(1).epoch()).isGreaterThan(sink.proposals.get(0).epoch());
  }

  @Test
  void aTextThatLeavesTheProposalGetsANewOne() {
    DraftStream stream = open(1, 2, 3);
    runAll();
    stream.commit(3, new int[] {40}, 4);
    runAll();

    assertThat(sink.proposals).hasSize(2);
    assertThat(sink.proposals.get(1).tree().token(0)).isEqualTo(41);
  }

  @Test
  void tokensThatArriveWhileTheDrafterWorksAreTakenTogether() {
    DraftStream stream = open(1, 2, 3);
    stream.commit(3, new int[] {20}, 4);
    stream.commit(4, new int[] {30, 31}, 4);
    runAll();

    assertThat(sink.proposals).hasSize(1);
    assertThat(sink.proposals.getFirst().baseLength()).isEqualTo(6);
    assertThat(sink.proposals.getFirst().tree().token(0)).isEqualTo(32);
  }

  /** Or it waits for a draft that will not come; but an idle stream must not go on talking. */
  @Test
  void aTargetThatCouldUseADraftHearsOnceThatNothingIsKnown() {
    drafter.knowsNothing = true;
    DraftStream stream = open(1, 2, 3);
    runAll();
    stream.commit(3, new int[] {9}, 4);
    runAll();
    stream.ready();
    runAll();
    stream.commit(4, new int[] {10}, 0);
    runAll();

    assertThat(sink.proposals).extracting(Proposed::baseLength).containsExactly(3, 4);
    assertThat(sink.proposals).allMatch(p -> p.tree().isEmpty());
    assertThat(
            meters.get("slipstream.draft.proposals").tag("drafter", "counting").counter().count())
        .isZero();
  }

  @Test
  void aRestingTargetIsSentAShortProposalNowAndThen() {
    DraftStream stream = open(1, 2, 3);
    runAll();
    sink.proposals.clear();
    for (int i = 0; i < 12; i++) {
      stream.commit(3 + i, new int[] {100 * (i + 1)}, 0);
      runAll();
    }

    assertThat(sink.proposals).hasSize(3).allSatisfy(p -> assertThat(p.tree().size()).isEqualTo(2));
  }

  @Test
  void aClientThatDoesNotReadIsNotSentProposalsUntilItDoes() {
    sink.ready = false;
    DraftStream stream = open(1, 2, 3);
    runAll();
    stream.commit(3, new int[] {9}, 4);
    runAll();
    assertThat(sink.proposals).isEmpty();

    sink.ready = true;
    stream.ready();
    runAll();

    assertThat(sink.proposals.getFirst().tree().token(0)).isEqualTo(10);
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
        () -> stream.commit(5, new int[] {4}, 1), Reason.INVALID, "after 5 tokens", "has 3");
  }

  @Test
  void limitsAreRefusalsThatNameThem() {
    assertRefused(() -> open(new int[51]), Reason.EXHAUSTED, "51", "50");
    DraftStream first = open(new int[50]);
    assertRefused(() -> first.commit(50, new int[1], 1), Reason.EXHAUSTED, "51", "50");
    open(1);
    assertRefused(() -> open(1), Reason.EXHAUSTED, "2 streams");

    DraftStreams small = streams(Vocabulary.any(), 10);
    assertRefused(
        () -> small.open(new DraftOpening("", new int[11], "", 1), sink),
        Reason.EXHAUSTED,
        "in all");
  }

  @Test
  void anotherTokenizerIsRefusedWithBothDigests() {
    DraftStreams own = streams(new Vocabulary("aaaa", 100), 100);

    assertRefused(
        () -> own.open(new DraftOpening("bbbb", new int[] {1}, "", 1), sink),
        Reason.TOKENIZER_MISMATCH,
        "aaaa",
        "bbbb");
    own.open(new DraftOpening("aaaa", new int[] {1}, "", 1), sink);
    assertRefused(
        () -> own.open(new DraftOpening("aaaa", new int[] {100}, "", 1), sink),
        Reason.INVALID,
        "token 100",
        "vocabulary of 100");
    assertThat(meters.counter("slipstream.draft.refused", "reason", "tokenizer_mismatch").count())
        .isEqualTo(1);
  }

  @Test
  void requestsThatMakeNoSenseAreRefused() {
    assertRefused(
        () -> streams.open(new DraftOpening("", new int[] {1}, "oracle", 1), sink),
        Reason.UNKNOWN_DRAFTER,
        "oracle",
        "counting");
    assertRefused(
        () -> streams.open(new DraftOpening("", new int[] {1}, "", 0), sink),
        Reason.INVALID,
        "max_tokens");
    assertRefused(() -> open(), Reason.INVALID, "empty");
    assertRefused(() -> open(-1), Reason.INVALID, "-1");
    DraftStream stream = open(1);
    assertRefused(() -> stream.commit(1, new int[0], -1), Reason.INVALID, "wanted_draft_tokens");
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

  /** Continues a text by counting up from its last token. */
  private static final class Counting implements Drafter {
    int open;
    boolean knowsNothing;
    Throwable broken;

    @Override
    public String name() {
      return "counting";
    }

    @Override
    public String description() {
      return "counts";
    }

    @Override
    public DraftSession open() {
      open++;
      return new DraftSession() {
        private int last;

        @Override
        public void append(int[] tokens) {
          last = tokens.length == 0 ? last : tokens[tokens.length - 1];
        }

        @Override
        public DraftTree propose(int maxNodes) {
          switch (broken) {
            case null -> {}
            case RuntimeException e -> throw e;
            case Error e -> throw e;
            default -> throw new IllegalArgumentException(broken);
          }
          if (knowsNothing) {
            return DraftTree.empty();
          }
          return DraftTree.chain(
              Integer.MAX_VALUE, IntStream.rangeClosed(last + 1, last + maxNodes).toArray());
        }

        @Override
        public void close() {
          open--;
        }
      };
    }
  }

  private static final class Sink implements ProposalSink {
    final List<Proposed> proposals = new ArrayList<>();
    boolean ready = true;
    Throwable failure;

    @Override
    public boolean isReady() {
      return ready;
    }

    @Override
    public void propose(Proposed proposal) {
      proposals.add(proposal);
    }

    @Override
    public void fail(Throwable cause) {
      failure = cause;
    }
  }
}
