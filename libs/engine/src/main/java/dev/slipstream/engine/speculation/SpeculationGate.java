package dev.slipstream.engine.speculation;

import java.util.Locale;

/**
 * Decides for one sequence and one step how many draft nodes are worth verifying. With k nodes the
 * step is expected to commit E(k) tokens of this sequence and takes T(others + 1 + k, c), where c
 * counts what attention looks at; the gain is the throughput of the whole batch against the step
 * without the draft:
 *
 * <pre>
 *   gain(k) = (others' tokens + E(k)) / (T(others + 1 + k, c + k context) + D)
 *           : (others' tokens + 1) / T(others + 1, c)
 * </pre>
 *
 * D is what drafting takes from passes: nothing, where it has cores of its own. E(k) is 1 plus the
 * probability of each node being reached and accepted, estimated from proposals that were verified,
 * and from those that were not but can be compared with the tokens that came; a node is judged by
 * what came of the nodes of its own source, and by how sure the drafter was of it, as far as that
 * has meant something before.
 *
 * <p>A sequence starts off, is switched on by a gain of at least {@link Settings#enterGain} and off
 * by one below {@link Settings#leaveGain}. Plain state, no clock and no randomness; not
 * thread-safe.
 */
public final class SpeculationGate {
  private final Settings settings;
  private final AcceptanceEstimate acceptance;
  private boolean on;

  /**
   * @param enterGain gain that switches speculation on
   * @param leaveGain gain below which it is switched off; at least 1, at most {@code enterGain}
   * @param priorAcceptance acceptance rate assumed of a sequence nothing is known of; 0 to 1
   */
  public record Settings(double enterGain, double leaveGain, double priorAcceptance) {
    /** On at 6 % gain, off below 2 %, half of the drafts assumed to be right. */
    public static final Settings DEFAULT = new Settings(1.06, 1.02, 0.5);

    public Settings {
      if (!(leaveGain >= 1 && enterGain >= leaveGain)) {
        throw new IllegalArgumentException(
            "leaveGain is %s and enterGain %s, but 1 <= leaveGain <= enterGain must hold"
                .formatted(leaveGain, enterGain));
      }
      if (!(priorAcceptance >= 0 && priorAcceptance <= 1)) {
        throw new IllegalArgumentException("priorAcceptance is " + priorAcceptance);
      }
    }
  }

  /**
   * @param nodes how many nodes to verify, the first ones of the tree; 0 is plain decoding
   * @param expectedTokens tokens that this sequence is expected to commit, at least 1
   * @param gain expected throughput against plain decoding; 1 if there was nothing to decide
   * @param why it was decided so
   */
  public record Decision(int nodes, double expectedTokens, double gain, Why why) {
    /** Why, in a few words; made when it is asked for, as decisions are made for every token. */
    public String reason() {
      return why.text();
    }
  }

  /** The grounds of a decision. */
  public sealed interface Why {
    String text();
  }

  /** There was nothing to decide. */
  private record Nothing(String text) implements Why {}

  private record BestGain(double gain, int nodes, double acceptance) implements Why {
    @Override
    public String text() {
      return String.format(
          Locale.ROOT,
          "gain %.2f with %d draft tokens at acceptance %.2f",
          gain,
          nodes,
          acceptance);
    }
  }

  public SpeculationGate(Settings settings) {
    this.settings = settings;
    this.acceptance = new AcceptanceEstimate(settings.priorAcceptance());
  }

  /** Whether drafts are being verified at present. */
  public boolean isOn() {
    return on;
  }

  /** The estimated probability that a first-choice draft token is accepted. */
  public double acceptance() {
    return acceptance.overall();
  }

  /**
   * Chooses how much of {@code tree} to verify in this step.
   *
   * @param maxNodes upper limit, for example the rows left in the batch
   */
  public Decision decide(DraftTree tree, int maxNodes, PassOutlook outlook) {
    if (tree.isEmpty()) {
      return new Decision(0, 1, 1, new Nothing("no draft"));
    }
    if (maxNodes <= 0) {
      return new Decision(0, 1, 1, new Nothing("no room for drafts in the batch"));
    }
    Decision best = best(tree, Math.min(maxNodes, tree.size()), outlook);
    on = isWorthwhile(best.gain());
    return on ? best : new Decision(0, 1, best.gain(), best.why());
  }

  /**
   * How many draft tokens this sequence could use in a round now, for the drafter; 0 if drafts are
   * not expected to help. Changes nothing.
   */
  public int wanted(int maxNodes, PassOutlook outlook) {
    if (maxNodes <= 0) {
      return 0;
    }
    Decision best = best(DraftTree.chain(1, new int[maxNodes]), maxNodes, outlook);
    return isWorthwhile(best.gain()) ? best.nodes() : 0;
  }

  /**
   * Tokens that a step is expected to commit if it verifies the first nodes of {@code tree}; 1 for
   * none.
   */
  public double expectedTokens(DraftTree tree, int nodes) {
    double[] probability = new double[nodes];
    double expected = 1;
    for (int n = 0; n < nodes; n++) {
      probability[n] = probability(tree, n, probability);
      expected += probability[n];
    }
    return expected;
  }

  /**
   * Learns from what really followed, whether the tree was verified or not. Tokens after the first
   * that leaves the tree teach nothing. Score each token against a tree once.
   *
   * @param tokens what was committed after the text that the tree continues
   */
  public void observe(DraftTree tree, int... tokens) {
    acceptance.observe(tree, tokens);
  }

  private boolean isWorthwhile(double gain) {
    return gain >= (on ? settings.leaveGain() : settings.enterGain());
  }

  private Decision best(DraftTree tree, int maxNodes, PassOutlook outlook) {
    double plain = outlook.plain();
    double[] probability = new double[maxNodes];
    double expected = 1;
    int nodes = 1;
    double bestGain = 0;
    double bestExpected = 1;
    for (int n = 0; n < maxNodes; n++) {
      probability[n] = probability(tree, n, probability);
      expected += probability[n];
      double gain = outlook.drafted(n + 1, expected) / plain;
      if (gain > bestGain) {
        nodes = n + 1;
        bestGain = gain;
        bestExpected = expected;
      }
    }
    var why = new BestGain(bestGain, nodes, acceptance.overall());
    return new Decision(nodes, bestExpected, bestGain, why);
  }

  /** Probability that a node is reached and accepted. */
  private double probability(DraftTree tree, int node, double[] known) {
    int parent = tree.parent(node);
    double reached = parent == DraftTree.ROOT ? 1 : known[parent];
    double missed = 1;
    for (int sibling = tree.firstChild(parent);
        sibling != node;
        sibling = tree.nextSibling(sibling)) {
      missed *= 1 - acceptance.of(tree, sibling);
    }
    return reached * missed * acceptance.of(tree, node);
  }
}
