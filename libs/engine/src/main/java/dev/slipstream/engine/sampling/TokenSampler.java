package dev.slipstream.engine.sampling;

import java.util.Map;
import java.util.TreeMap;

/**
 * Chooses tokens of one text from its logits. The order is
 *
 * <ol>
 *   <li>logit bias, then repetition, presence and frequency penalty, on the raw logits, as in vLLM
 *       and llama.cpp. The repetition penalty looks at prompt and answer; presence and frequency
 *       penalties look at the answer alone, as in OpenAI's API and vLLM; then the text's {@link
 *       TokenRule};
 *   <li>temperature, before truncation, as in vLLM and Hugging Face Transformers (llama.cpp applies
 *       it last);
 *   <li>top-k, top-p, min-p, each on what the one before has left, as in Transformers and
 *       llama.cpp.
 * </ol>
 *
 * <p>Temperature 0 takes the largest logit after step 1. Ties go to the lower token id everywhere.
 *
 * <p>Randomness is a pure function of (seed, position of the token, number of the draw): the answer
 * does not depend on batching or speculation. Draw 0 of a position always picks the token.
 *
 * <p>Logits are rows of {@code vocabularySize} floats; minus infinity bans a token. Calls throw
 * {@link IllegalStateException} if a row has a value that is NaN, or no finite maximum. Not safe
 * for use by several threads.
 */
public final class TokenSampler {
  private static final LogitKernels KERNELS = LogitKernels.best();

  private final SamplingParams params;
  private final SamplingWorkspace workspace;
  private final int vocabularySize;
  private final int[] biasTokens;
  private final float[] biases;

  /** A sampler with memory of its own. */
  public TokenSampler(SamplingParams params, int vocabularySize) {
    this(params, new SamplingWorkspace(vocabularySize));
  }

  /**
   * @param workspace may be shared among the samplers of one thread
   * @throws IllegalArgumentException if the logit bias names a token outside the vocabulary
   */
  public TokenSampler(SamplingParams params, SamplingWorkspace workspace) {
    this.params = params;
    this.workspace = workspace;
    this.vocabularySize = workspace.vocabularySize();
    this.biasTokens = new int[params.logitBias().size()];
    this.biases = new float[biasTokens.length];
    int i = 0;
    for (Map.Entry<Integer, Float> bias : new TreeMap<>(params.logitBias()).entrySet()) {
      biasTokens[i] = bias.getKey();
      if (biasTokens[i] >= vocabularySize) {
        throw new IllegalArgumentException(
            "logit_bias names token %d, but the vocabulary ends at %d"
                .formatted(biasTokens[i], vocabularySize - 1));
      }
      biases[i++] = bias.getValue();
    }
  }

  public SamplingParams params() {
    return params;
  }

  /**
   * The token that follows {@code history}.
   *
   * @param logits the array that holds the row
   * @param offset where the row starts
   */
  public int sample(float[] logits, int offset, TokenHistory history) {
    if (params.isGreedy()) {
      float[] row = adjust(logits, offset, history);
      return KERNELS.argmax(row, row == logits ? offset : 0, vocabularySize);
    }
    return distribution(logits, offset, history).sample(uniform(history.length(), 0));
  }

  /** The distribution that {@link #sample} draws from; greedy puts all on one token. */
  public TokenDistribution distribution(float[] logits, int offset, TokenHistory history) {
    float[] row = adjust(logits, offset, history);
    int start = row == logits ? offset : 0;
    int best = KERNELS.argmax(row, start, vocabularySize);
    TokenDistribution out = workspace.distribution();
    if (params.isGreedy()) {
      return out.certain(best);
    }
    float max = row[start + best];
    if (!params.cutoffs().truncate()) {
      return out.softmax(row, start, max, params.temperature());
    }
    long[] keys = workspace.keys();
    int count = Truncation.apply(row, start, vocabularySize, max, params, keys);
    return out.softmax(keys, count, row, start, max, params.temperature());
  }

  /**
   * A uniform number in [0, 1).
   *
   * @param position of the token that is being chosen, from 0
   * @param draw 0 for the token itself; others are independent of it
   */
  public double uniform(int position, int draw) {
    return CounterRandom.uniform(params.seed(), position, draw);
  }

  /** The row itself if nothing changes it, else a changed copy at offset 0. */
  private float[] adjust(float[] logits, int offset, TokenHistory history) {
    TokenRule rule = history.rule();
    if (biases.length == 0 && !params.penalties().change() && !rule.bans(history)) {
      return logits;
    }
    float[] row = workspace.adjusted();
    System.arraycopy(logits, offset, row, 0, vocabularySize);
    for (int i = 0; i < biases.length; i++) {
      row[biasTokens[i]] += biases[i];
    }
    if (params.penalties().change()) {
      penalise(row, history);
    }
    rule.mask(row, history);
    return row;
  }

  /**
   * A pass over the history counts (bit 0: seen at all, the bits above: times in the answer), a
   * second one applies each token's penalties once and leaves zeros.
   */
  private void penalise(float[] row, TokenHistory history) {
    SamplingParams.Penalties penalties = params.penalties();
    int[] counts = workspace.counts();
    int[] tokens = history.array();
    for (int i = 0; i < history.length(); i++) {
      counts[tokens[i]] = (counts[tokens[i]] | 1) + (i < history.promptLength() ? 0 : 2);
    }
    for (int i = 0; i < history.length(); i++) {
      int token = tokens[i];
      if (counts[token] == 0) {
        continue;
      }
      int generated = counts[token] >> 1;
      counts[token] = 0;
      float logit = row[token];
      logit = logit > 0 ? logit / penalties.repetition() : logit * penalties.repetition();
      if (generated > 0) {
        logit -= generated * penalties.frequency() + penalties.presence();
      }
      row[token] = logit;
    }
  }
}
