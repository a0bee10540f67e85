package dev.slipstream.target.application;

import static org.assertj.core.api.Assertions.assertThat;

import dev.slipstream.engine.sampling.SamplingParams;
import dev.slipstream.engine.sampling.TokenHistory;
import dev.slipstream.engine.speculation.BatchLoad;
import dev.slipstream.engine.speculation.DraftCost;
import dev.slipstream.engine.speculation.DraftTree;
import dev.slipstream.engine.speculation.DraftTreeBuilder;
import dev.slipstream.engine.speculation.NodeOrigin;
import dev.slipstream.engine.speculation.PassOutlook;
import dev.slipstream.engine.speculation.Proposed;
import dev.slipstream.engine.speculation.Verdict;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Proposals come late, twice, and in any order; none may take away what is still right. */
class DraftAdviceTest {
  private static final int[] PROMPT = {1, 2, 3};

  private TokenHistory history;
  private DraftAdvice advice;

  @BeforeEach
  void begin() {
    history = new TokenHistory(PROMPT, PROMPT.length);
    advice =
        DraftAdvice.of(DecodeLoopFixture.task(PROMPT, 100, SamplingParams.greedy(), 16), 16, false);
  }

  private boolean propose(long epoch, int base, int... chain) {
    return advice.propose(
        DecodeLoopFixture.proposed(epoch, base, DraftTree.chain(100, chain)), history);
  }

  private void commit(int... tokens) {
    for (int token : tokens) {
      history.append(token);
      advice.committed(DraftTree.empty(), new Verdict(new int[0], new int[] {token}), 0, true);
    }
  }

  private DraftTree draft() {
    if (advice.tree().isEmpty()) {
      return DraftTree.empty();
    }
    return advice
        .tree()
        .prefix(
            advice.worthwhile(
                16, new PassOutlook(DecodeLoopFixture.CHEAP, BatchLoad.ALONE, 0, DraftCost.NONE)));
  }

  /** The stream has just been opened, and what was kept for it comes after what is newer. */
  @Test
  void anOlderProposalAfterANewerOneChangesNothing() {
    assertThat(propose(7, 3, 4, 5, 6)).isTrue();
    assertThat(propose(6, 3, 44, 45)).isFalse();
    assertThat(propose(7, 3, 44, 45)).as("the same twice").isFalse();

    assertThat(draft()).hasToString("DraftTree[-1>4 0>5 1>6]");
    assertThat(advice.epoch()).isEqualTo(7);
  }

  @Test
  void aProposalThatTheTextHasLeftDoesNotWipeATreeThatIsStillGood() {
    propose(1, 3, 4, 5, 6, 7);
    commit(4, 5);
    assertThat(propose(2, 3, 4, 99)).as("left at the second token").isFalse();
    assertThat(draft()).hasToString("DraftTree[-1>6 0>7]");

    assertThat(propose(3, 4, 99)).as("left at the first").isFalse();
    assertThat(propose(4, 3, 4, 5)).as("right, and used up").isFalse();
    assertThat(draft()).hasToString("DraftTree[-1>6 0>7]");
    assertThat(advice.drafter()).isEqualTo("test");
  }

  @Test
  void aProposalForATextThatIsNotThereYetChangesNothing() {
    propose(1, 3, 4, 5);
    assertThat(propose(2, 4, 8, 9)).isFalse();
    assertThat(propose(3, Integer.MAX_VALUE, 8, 9)).isFalse();

    assertThat(draft()).hasToString("DraftTree[-1>4 0>5]");
  }

  @Test
  void aLaterProposalThatFitsReplacesAnEarlierOneHoweverLateItIs() {
    propose(1, 3, 4, 5, 6, 7);
    commit(4, 5);
    assertThat(propose(2, 3, 4, 5, 60)).isTrue();

    assertThat(draft()).hasToString("DraftTree[-1>60]");
  }

  @Test
  void thatNothingIsKnownOfAnOlderTextDoesNotUnsayWhatWasSaidOfALaterOne() {
    commit(4, 5, 6);
    propose(1, 6);
    propose(2, 4);

    assertThat(advice.isAwaited(6)).isFalse();
  }

  /**
   * Whatever comes in whatever order, the tree continues the text, and only good advice counts.
   * Five misses in a row are too few for the gate to give up.
   */
  @Property(tries = 3000)
  void theTreeIsAlwaysWhatIsLeftOfTheLastProposalThatFitted(@ForAll long seed) {
    begin();
    Random random = new Random(seed);
    DraftTree expected = DraftTree.empty();
    long epoch = 0;
    for (int i = 0; i < 5; i++) {
      if (random.nextInt(3) == 0) {
        int token = random.nextInt(3);
        commit(token);
        expected = expected.advance(token);
      } else {
        Proposed proposal =
            DecodeLoopFixture.proposed(
                random.nextInt(8), 1 + random.nextInt(history.length() + 2), tree(random));
        advice.propose(proposal, history);
        if (proposal.epoch() > epoch) {
          epoch = proposal.epoch();
          DraftTree rest = rest(proposal);
          expected = rest.isEmpty() ? expected : rest;
        }
      }
      DraftTree chosen = draft();
      assertThat(chosen).hasToString(expected.prefix(chosen.size()).toString());
      assertThat(chosen.isEmpty()).as("%s", expected).isEqualTo(expected.isEmpty());
    }
  }

  private DraftTree rest(Proposed proposal) {
    if (proposal.baseLength() > history.length()) {
      return DraftTree.empty();
    }
    DraftTree rest = proposal.tree();
    for (int i = proposal.baseLength(); i < history.length(); i++) {
      rest = rest.advance(history.token(i));
    }
    return rest;
  }

  private static DraftTree tree(Random random) {
    DraftTreeBuilder tree = DraftTree.builder(100, 8);
    for (int n = random.nextInt(9); n > 0; n--) {
      tree.add(random.nextInt(3), tree.size() - 1, NodeOrigin.of("s" + random.nextInt(3), 0.5));
    }
    return tree.build();
  }
}
