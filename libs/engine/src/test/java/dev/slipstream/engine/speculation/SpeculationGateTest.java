package dev.slipstream.engine.speculation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import dev.slipstream.engine.speculation.SpeculationGate.Decision;
import dev.slipstream.engine.speculation.SpeculationGate.Settings;
import java.util.Arrays;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Speculation must never make an answer slower for long, and must come back when it helps. */
class SpeculationGateTest {
  /** Rows are nearly free up to 4 and then cost as much as on a busy processor. */
  private static final PassCost CHEAP =
      PassCost.of(Map.of(1, 0.010, 2, 0.0105, 4, 0.012, 8, 0.022, 16, 0.044));

  /** Every row costs what a pass costs. */
  private static final PassCost LINEAR = PassCost.of(Map.of(1, 0.01, 16, 0.16));

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
    assertThat(gate.wanted(16, alone(CHEAP))).isEqualTo(copied.nodes());
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
    assertThat(gate.wanted(16, alone(CHEAP))).isZero();

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

    assertThat(gate.decide(chainOf("copy"), 4, alone(CHEAP)).nodes()).isEqualTo(4);
    assertThat(gate.decide(chainOf("guess"), 4, alone(CHEAP)).nodes()).isZero();
    assertThat(gate.acceptance()).as("over all").isBetween(0.5, 0.95);
  }

  @Test
  void branchesAreJudgedByTheirSourceToo() {
    for (int i = 0; i < 60; i++) {
      gate.observe(fork("guess", "copy"), 2);
      gate.observe(fork("guess", "wrong"), 9);
    }

    Decision fork = gate.decide(fork("guess", "copy"), 2, alone(CHEAP));
    assertThat(fork.nodes()).isEqualTo(2);
    assertThat(fork.expectedTokens()).isGreaterThan(1.8);
    assertThat(gate.decide(fork("guess", "wrong"), 2, alone(CHEAP)).nodes()).isZero();
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

    assertThat(gate.decide(chainOf("later"), 4, alone(CHEAP)).nodes()).isEqualTo(4);
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
    Decision crowded = gate.decide(chain(8), 8, beside(7, 7));
    assertThat(alone.nodes()).isPositive();
    assertThat(crowded.nodes()).isZero();
    assertThat(crowded.gain()).isLessThan(1.02);
  }

  @Test
  void theGainIsTheThroughputOfTheWholeBatch() {
    gate.observe(chain(1), 1);
    double rate = (1 + 3 * ((1 + 3 * 0.5) / 4)) / 4;
    Decision decision = gate.decide(chain(1), 8, beside(2, 1.5));
    double expected = (1.5 + 1 + rate) / CHEAP.seconds(4) / ((1.5 + 1) / CHEAP.seconds(3));
    assertThat(decision.gain()).isCloseTo(expected, within(1e-9));
  }

  /** Behind a long text each row costs attention, and the best draft is shorter, or none. */
  @Test
  void theLongerTheTextTheShorterTheDraft() {
    observe(0.7, 100);
    PassCost cost = PassCost.of(Map.of(1, 0.010, 2, 0.0105, 4, 0.012, 8, 0.022, 16, 0.044), 1e-6);
    int last = decide(CHEAP).nodes();
    assertThat(last).isPositive();
    for (int context : new int[] {0, 2_000, 8_000, 32_000, 1 << 20}) {
      Decision decision =
          gate.decide(
              chain(16), 16, new PassOutlook(cost, BatchLoad.ALONE, context, DraftCost.NONE));
      assertThat(decision.nodes()).as("behind %d tokens", context).isLessThanOrEqualTo(last);
      last = decision.nodes();
    }
    assertThat(last).isZero();
  }

  @Test
  void longTextsOfOthersMakeADraftOfAShortOneCheaper() {
    observe(0.6, 100);
    PassCost cost = PassCost.of(Map.of(1, 0.010, 4, 0.030), 1e-6);
    BatchLoad others = new BatchLoad(1, 1, 30_000);
    double beside =
        gate.decide(chain(1), 1, new PassOutlook(cost, others, 0, DraftCost.NONE)).gain();
    double alone =
        gate.decide(chain(1), 1, new PassOutlook(cost, new BatchLoad(1, 1, 0), 0, DraftCost.NONE))
            .gain();
    assertThat(beside).as("their attention is there anyway").isGreaterThan(alone);
  }

  /**
   * A drafter on the cores that compute passes has to be worth the time that it takes from them.
   */
  @Test
  void aDraftThatTakesMoreOfThePassThanItBringsIsNotVerified() {
    observe(0.9, 100);
    assertThat(gate.decide(chain(4), 4, costing(0.001)).nodes()).isPositive();
    Decision dear = gate.decide(chain(4), 4, costing(0.040));
    assertThat(dear.nodes()).isZero();
    assertThat(gate.wanted(4, costing(0.040))).isZero();
    assertThat(gate.decide(chain(4), 4, costing(0.001)).nodes()).as("and back").isPositive();
    assertThatIllegalArgumentException().isThrownBy(() -> new DraftCost(-1));
  }

  private static PassOutlook costing(double draftSeconds) {
    return new PassOutlook(CHEAP, BatchLoad.ALONE, 0, new DraftCost(draftSeconds));
  }

  private static DraftTree sure(double probability) {
    DraftTreeBuilder tree = DraftTree.builder(10, 1);
    tree.add(1, DraftTree.ROOT, NodeOrigin.of("head", probability));
    return tree.build();
  }

  /** Half of the nodes come true; which ones, only the drafter knows beforehand. */
  @Test
  void aDrafterThatKnowsWhenItIsRightIsBelievedWithTime() {
    PassOutlook outlook = alone(PassCost.of(Map.of(1, 0.010, 2, 0.0145)));
    for (int i = 0; i < 200; i++) {
      gate.observe(sure(i % 2 == 0 ? 0.9 : 0.1), i % 2 == 0 ? 1 : 0);
    }
    assertThat(gate.decide(sure(0.9), 1, outlook).nodes()).isEqualTo(1);
    assertThat(gate.decide(sure(0.9), 1, outlook).expectedTokens()).isGreaterThan(1.75);
    assertThat(gate.decide(sure(0.1), 1, outlook).nodes()).isZero();
  }

  @Test
  void wordsThatMeanNothingOrTheOppositeChangeLittle() {
    SpeculationGate opposite = new SpeculationGate(Settings.DEFAULT);
    SpeculationGate constant = new SpeculationGate(Settings.DEFAULT);
    Random random = new Random(5);
    double worst = 0;
    for (int i = 0; i < 2000; i++) {
      boolean right = random.nextBoolean();
      gate.observe(sure(random.nextDouble()), right ? 1 : 0);
      opposite.observe(sure(right ? 0.1 : 0.9), right ? 1 : 0);
      constant.observe(sure(1), right ? 1 : 0);
      double plain = constant.expectedTokens(sure(1), 1);
      worst = Math.max(worst, Math.abs(gate.expectedTokens(sure(0.9), 1) - plain));
      assertThat(opposite.expectedTokens(sure(0.9), 1)).isCloseTo(plain, within(1e-9));
    }
    assertThat(worst).as("probability of a node").isLessThan(0.25);
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
      PassCost cost = costWithGain(rate, gain);
      assertThat(gate.decide(chain(1), 1, alone(cost)).gain()).isCloseTo(gain, within(1e-9));
      flips += gate.isOn() != on ? 1 : 0;
      on = gate.isOn();
    }
    assertThat(flips).isZero();
    assertThat(on).isTrue();

    SpeculationGate other = new SpeculationGate(Settings.DEFAULT);
    double prior = Settings.DEFAULT.priorAcceptance();
    assertThat(other.decide(chain(1), 1, alone(costWithGain(prior, 1.05))).nodes()).isZero();
    assertThat(other.decide(chain(1), 1, alone(costWithGain(prior, 1.07))).nodes()).isEqualTo(1);
  }

  @Test
  void saysWhyThereIsNothingToVerify() {
    assertThat(gate.decide(DraftTree.empty(), 8, alone(CHEAP)).reason()).isEqualTo("no draft");
    assertThat(gate.decide(chain(2), 0, alone(CHEAP)).reason())
        .isEqualTo("no room for drafts in the batch");
    assertThat(gate.wanted(0, alone(CHEAP))).isZero();
  }

  @Test
  void neverTakesMoreThanAllowed() {
    observe(1.0, 100);
    PassCost free = PassCost.of(Map.of(1, 0.01, 64, 0.0101));
    assertThat(gate.decide(chain(16), 5, alone(free)).nodes()).isEqualTo(5);
    assertThat(gate.decide(chain(3), 5, alone(free)).nodes()).isEqualTo(3);
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
    Decision fresh = gate.decide(chain(8), 4, alone(CHEAP));
    Decision late = gate.decide(chain(8).advance(1).advance(1), 4, alone(CHEAP));
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
    Decision decision = gate.decide(pair, 2, alone(CHEAP));
    assertThat(decision.nodes()).isEqualTo(2);
    assertThat(decision.expectedTokens()).isCloseTo(2, within(0.1));
  }

  @Test
  void refusesSettingsThatWouldFlap() {
    assertThatIllegalArgumentException().isThrownBy(() -> new Settings(1.0, 1.1, 0.5));
    assertThatIllegalArgumentException().isThrownBy(() -> new Settings(1.1, 0.9, 0.5));
    assertThatIllegalArgumentException().isThrownBy(() -> new Settings(1.1, 1, 1.5));
  }

  private static PassOutlook alone(PassCost cost) {
    return new PassOutlook(cost, BatchLoad.ALONE, 0, DraftCost.NONE);
  }

  private static PassOutlook beside(int rows, double tokens) {
    return new PassOutlook(CHEAP, new BatchLoad(rows, tokens, 0), 0, DraftCost.NONE);
  }

  private Decision decide(PassCost cost) {
    return gate.decide(chain(16), 16, alone(cost));
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
    Decision decision = gate.decide(chain(1), 1, alone(CHEAP));
    return decision.gain() * CHEAP.relative(2) - 1;
  }

  /** Two rows cost so much that one draft token of this acceptance gains just so much. */
  private static PassCost costWithGain(double rate, double gain) {
    return PassCost.of(Map.of(1, 0.01, 2, 0.01 * (1 + rate) / gain));
  }

  private static DraftTree chain(int length) {
    int[] tokens = new int[length];
    Arrays.fill(tokens, 1);
    return DraftTree.chain(10, tokens);
  }
}
