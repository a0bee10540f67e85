package dev.slipstream.engine.speculation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import dev.slipstream.engine.speculation.SpeculationGate.Decision;
import dev.slipstream.engine.speculation.SpeculationGate.Settings;
import java.util.Arrays;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Speculation must never make an answer slower for long, and must come back when it helps. */
class SpeculationGateTest {
  /** Rows are nearly free up to 4 and then cost as much as on a busy processor. */
  private static final VerificationCost CHEAP =
      VerificationCost.of(Map.of(1, 0.010, 2, 0.0105, 4, 0.012, 8, 0.022, 16, 0.044));

  /** Every row costs what a pass costs. */
  private static final VerificationCost LINEAR = VerificationCost.of(Map.of(1, 0.01, 16, 0.16));

  private final SpeculationGate gate = new SpeculationGate(Settings.DEFAULT);

  @Test
  void aCopiedTextIsSpeculatedOnAndUsesMoreNodesThanAnUncertainOne() {
    Decision uncertain = decide(CHEAP);
    observe(1.0, 40);
    Decision copied = decide(CHEAP);
    assertThat(copied.nodes()).isGreaterThan(uncertain.nodes());
    assertThat(copied.gain()).isGreaterThan(2);
    assertThat(copied.expectedTokens()).isBetween(copied.nodes() * 0.8, copied.nodes() + 1.0);
    assertThat(copied.reason()).startsWith("gain ").contains("acceptance 0.9");
    assertThat(gate.wanted(16, BatchLoad.ALONE, CHEAP)).isEqualTo(copied.nodes());
  }

  @Test
  void aTextThatDraftsNeverHitIsDecodedPlainlyAndComesBackByItself() {
    observe(1.0, 10);
    assertThat(decide(CHEAP).nodes()).isPositive();
    observe(0.0, 60);
    Decision off = decide(CHEAP);
    assertThat(off.nodes()).isZero();
    assertThat(off.expectedTokens()).isEqualTo(1);
    assertThat(off.gain()).isLessThan(1.02);
    assertThat(off.reason()).startsWith("gain ");
    assertThat(gate.isOn()).isFalse();
    assertThat(gate.wanted(16, BatchLoad.ALONE, CHEAP)).isZero();

    observe(1.0, 40);
    assertThat(decide(CHEAP).nodes()).isPositive();
    assertThat(gate.isOn()).isTrue();
  }

  /** One technique that is often right must not pay for another that never is, or the reverse. */
  @Test
  void aSourceIsJudgedByItsOwnTokens() {
    for (int i = 0; i < 60; i++) {
      gate.observe(chainOf("copy"), 1, 2, 3, 4);
      gate.observe(chainOf("guess"), 9);
    }

    assertThat(gate.decide(chainOf("copy"), 4, BatchLoad.ALONE, CHEAP).nodes()).isEqualTo(4);
    assertThat(gate.decide(chainOf("guess"), 4, BatchLoad.ALONE, CHEAP).nodes()).isZero();
    assertThat(gate.acceptance()).as("over all").isBetween(0.5, 0.95);
  }

  @Test
  void branchesAreJudgedByTheirSourceToo() {
    for (int i = 0; i < 60; i++) {
      gate.observe(fork("guess", "copy"), 2);
      gate.observe(fork("guess", "wrong"), 9);
    }

    Decision fork = gate.decide(fork("guess", "copy"), 2, BatchLoad.ALONE, CHEAP);
    assertThat(fork.nodes()).isEqualTo(2);
    assertThat(fork.expectedTokens()).isGreaterThan(1.8);
    assertThat(gate.decide(fork("guess", "wrong"), 2, BatchLoad.ALONE, CHEAP).nodes()).isZero();
  }

  /** Names come over the network: a client that invents them must not fill the memory. */
  @Test
  void sourcesBeyondTheSixteenthAreJudgedTogether() {
    for (int i = 0; i < 100_000; i++) {
      gate.observe(chainOf("source" + i), 9);
    }
    for (int i = 0; i < 60; i++) {
      gate.observe(chainOf("late"), 1, 2, 3, 4);
    }

    assertThat(gate.decide(chainOf("later"), 4, BatchLoad.ALONE, CHEAP).nodes()).isEqualTo(4);
  }

  private static DraftTree chainOf(String source) {
    DraftTreeBuilder tree = DraftTree.builder(10, 4);
    for (int n = 0; n < 4; n++) {
      tree.add(n + 1, n - 1, NodeOrigin.of(source, 0.5));
    }
    return tree.build();
  }

  private static DraftTree fork(String first, String second) {
    DraftTreeBuilder tree = DraftTree.builder(10, 2);
    tree.add(1, DraftTree.ROOT, NodeOrigin.of(first, 0.5));
    tree.add(2, DraftTree.ROOT, NodeOrigin.of(second, 0.5));
    return tree.build();
  }

  @Test
  void costlyRowsAreNotWorthADraft() {
    observe(0.9, 100);
    assertThat(decide(CHEAP).nodes()).isPositive();
    assertThat(decide(LINEAR).nodes()).isZero();
  }

  @Test
  void othersInTheBatchLeaveLessRoom() {
    observe(0.8, 100);
    Decision alone = decide(CHEAP);
    Decision crowded = gate.decide(chain(8), 8, new BatchLoad(7, 7), CHEAP);
    assertThat(alone.nodes()).isPositive();
    assertThat(crowded.nodes()).isZero();
    assertThat(crowded.gain()).isLessThan(1.02);
  }

  @Test
  void theGainIsTheThroughputOfTheWholeBatch() {
    gate.observe(chain(1), 1);
    double rate = (1 + 3 * ((1 + 3 * 0.5) / 4)) / 4;
    Decision decision = gate.decide(chain(1), 8, new BatchLoad(2, 1.5), CHEAP);
    double expected = (1.5 + 1 + rate) / CHEAP.seconds(4) / ((1.5 + 1) / CHEAP.seconds(3));
    assertThat(decision.gain()).isCloseTo(expected, within(1e-9));
  }

  @Test
  void atTheBoundaryItStaysAsItIs() {
    observe(1.0, 100);
    double rate = rateOf(gate);
    assertThat(gate.isOn()).isTrue();
    int flips = 0;
    boolean on = gate.isOn();
    for (int i = 0; i < 50; i++) {
      double gain = i % 2 == 0 ? 1.03 : 1.05;
      VerificationCost cost = costWithGain(rate, gain);
      assertThat(gate.decide(chain(1), 1, BatchLoad.ALONE, cost).gain())
          .isCloseTo(gain, within(1e-9));
      flips += gate.isOn() != on ? 1 : 0;
      on = gate.isOn();
    }
    assertThat(flips).isZero();
    assertThat(on).isTrue();

    SpeculationGate other = new SpeculationGate(Settings.DEFAULT);
    double prior = Settings.DEFAULT.priorAcceptance();
    assertThat(other.decide(chain(1), 1, BatchLoad.ALONE, costWithGain(prior, 1.05)).nodes())
        .isZero();
    assertThat(other.decide(chain(1), 1, BatchLoad.ALONE, costWithGain(prior, 1.07)).nodes())
        .isEqualTo(1);
  }

  @Test
  void saysWhyThereIsNothingToVerify() {
    assertThat(gate.decide(DraftTree.empty(), 8, BatchLoad.ALONE, CHEAP).reason())
        .isEqualTo("no draft");
    assertThat(gate.decide(chain(2), 0, BatchLoad.ALONE, CHEAP).reason())
        .isEqualTo("no room for drafts in the batch");
    assertThat(gate.wanted(0, BatchLoad.ALONE, CHEAP)).isZero();
  }

  @Test
  void neverTakesMoreThanAllowed() {
    observe(1.0, 100);
    VerificationCost free = VerificationCost.of(Map.of(1, 0.01, 64, 0.0101));
    assertThat(gate.decide(chain(16), 5, BatchLoad.ALONE, free).nodes()).isEqualTo(5);
    assertThat(gate.decide(chain(3), 5, BatchLoad.ALONE, free).nodes()).isEqualTo(3);
  }

  /** A long copy that has come true so far is trusted, though most copies end at once. */
  @Test
  void placesInAProposalAreLearntApart() {
    for (int i = 0; i < 60; i++) {
      DraftTree tree = chain(8);
      boolean right = i % 5 == 0;
      for (int place = 1; place <= (right ? 8 : 1); place++) {
        int token = right ? 1 : 0;
        gate.observe(tree, token);
        tree = tree.advance(token);
      }
    }
    Decision fresh = gate.decide(chain(8), 4, BatchLoad.ALONE, CHEAP);
    Decision late = gate.decide(chain(8).advance(1).advance(1), 4, BatchLoad.ALONE, CHEAP);
    assertThat(late.gain()).isGreaterThan(fresh.gain() + 0.5);
    assertThat(late.nodes()).isPositive();
  }

  /** Second choices that keep coming true are worth their row. */
  @Test
  void laterChoicesAreCountedOnTheirOwn() {
    DraftTreeBuilder builder = DraftTree.builder(10, 2);
    builder.add(1, DraftTree.ROOT);
    builder.add(2, DraftTree.ROOT);
    DraftTree pair = builder.build();
    for (int i = 0; i < 100; i++) {
      gate.observe(pair, i % 2 == 0 ? 1 : 2);
    }
    Decision decision = gate.decide(pair, 2, BatchLoad.ALONE, CHEAP);
    assertThat(decision.nodes()).isEqualTo(2);
    assertThat(decision.expectedTokens()).isCloseTo(2, within(0.1));
  }

  @Test
  void refusesSettingsThatWouldFlap() {
    assertThatIllegalArgumentException().isThrownBy(() -> new Settings(1.0, 1.1, 0.5));
    assertThatIllegalArgumentException().isThrownBy(() -> new Settings(1.1, 0.9, 0.5));
    assertThatIllegalArgumentException().isThrownBy(() -> new Settings(1.1, 1, 1.5));
  }

  private Decision decide(VerificationCost cost) {
    return gate.decide(chain(16), 16, BatchLoad.ALONE, cost);
  }

  /** Proposals of which this part of the tokens comes true, spread evenly. */
  private void observe(double rate, int tokens) {
    double due = 0;
    for (int i = 0; i < tokens; i++) {
      due += rate;
      boolean hit = due >= 1;
      due -= hit ? 1 : 0;
      gate.observe(chain(1), hit ? 1 : 0);
    }
  }

  /** The estimated acceptance of a single draft token, from the gain that it promises. */
  private static double rateOf(SpeculationGate gate) {
    Decision decision = gate.decide(chain(1), 1, BatchLoad.ALONE, CHEAP);
    return decision.gain() * CHEAP.relative(2) - 1;
  }

  /** Two rows cost so much that one draft token of this acceptance gains just so much. */
  private static VerificationCost costWithGain(double rate, double gain) {
    return VerificationCost.of(Map.of(1, 0.01, 2, 0.01 * (1 + rate) / gain));
  }

  private static DraftTree chain(int length) {
    int[] tokens = new int[length];
    Arrays.fill(tokens, 1);
    return DraftTree.chain(10, tokens);
  }
}
