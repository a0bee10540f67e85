package dev.slipstream.engine.speculation;

import dev.slipstream.engine.sampling.TokenHistory;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.Random;

/** A target and a drafter whose distributions are a random function of the last two tokens. */
public final class ToyModels {
  public final int vocabulary;
  private final long seed;
  private final Map<Integer, float[]> logits = new HashMap<>();
  private final Map<Integer, double[]> drafts = new HashMap<>();

  public ToyModels(int vocabulary, long seed) {
    this.vocabulary = vocabulary;
    this.seed = seed;
  }

  /** The target's logits after a text. */
  public float[] logits(int... text) {
    return logits.computeIfAbsent(state(text), this::newLogits);
  }

  /** The drafter's distribution, which has little to do with the target's. */
  public double[] draft(int... text) {
    return drafts.computeIfAbsent(state(text), this::newDraft);
  }

  private float[] newLogits(int state) {
    Random random = random(state, 1);
    float[] logits = new float[vocabulary];
    for (int t = 0; t < vocabulary; t++) {
      logits[t] = (float) (1.3 * random.nextGaussian());
    }
    return logits;
  }

  private double[] newDraft(int state) {
    Random random = random(state, 2);
    double[] q = new double[vocabulary];
    double sum = 0;
    for (int t = 0; t < vocabulary; t++) {
      // One token in four is outside the drafter's vocabulary.
      q[t] = random.nextInt(4) == 0 ? 0 : Math.exp(1.3 * random.nextGaussian());
      sum += q[t];
    }
    for (int t = 0; t < vocabulary; t++) {
      q[t] = sum == 0 ? 1.0 / vocabulary : q[t] / sum;
    }
    return q;
  }

  /** The rows of a batch: the root's and then those of the nodes. */
  public float[] rows(DraftTree tree, TokenHistory history) {
    float[] rows = new float[(tree.size() + 1) * vocabulary];
    for (int node = -1; node < tree.size(); node++) {
      float[] row = logits(text(tree, node, history));
      System.arraycopy(row, 0, rows, (node + 1) * vocabulary, vocabulary);
    }
    return rows;
  }

  public int offset(int node) {
    return (node + 1) * vocabulary;
  }

  /** The text up to a node, itself included. */
  static int[] text(DraftTree tree, int node, TokenHistory history) {
    if (node == DraftTree.ROOT) {
      return history.toArray();
    }
    return append(text(tree, tree.parent(node), history), tree.token(node));
  }

  public static int[] append(int[] text, int token) {
    int[] longer = Arrays.copyOf(text, text.length + 1);
    longer[text.length] = token;
    return longer;
  }

  private int state(int[] text) {
    int state = 0;
    for (int i = Math.max(0, text.length - 2); i < text.length; i++) {
      state = state * (vocabulary + 1) + text[i] + 1;
    }
    return state;
  }

  private Random random(int state, int salt) {
    Random random = new Random((seed * 1_000_003 + state * 31L + salt) * 0x9e3779b97f4a7c15L);
    random.nextLong();
    return random;
  }
}
