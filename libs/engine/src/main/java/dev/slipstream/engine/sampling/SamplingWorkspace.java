package dev.slipstream.engine.sampling;

import org.jspecify.annotations.Nullable;

/**
 * Memory that the samplers of one thread share: about 24 bytes for each token of the vocabulary.
 * What a sampler returns lives here and is valid until the next call of any sampler with this
 * workspace.
 */
public final class SamplingWorkspace {
  private final int vocabularySize;
  private final TokenDistribution distribution;
  private float @Nullable [] adjusted;
  private int @Nullable [] counts;
  private long @Nullable [] keys;

  public SamplingWorkspace(int vocabularySize) {
    if (vocabularySize < 1) {
      throw new IllegalArgumentException("a vocabulary of " + vocabularySize + " tokens");
    }
    this.vocabularySize = vocabularySize;
    this.distribution = new TokenDistribution(vocabularySize);
  }

  public int vocabularySize() {
    return vocabularySize;
  }

  TokenDistribution distribution() {
    return distribution;
  }

  /** Room for a changed copy of a row of logits. */
  float[] adjusted() {
    if (adjusted == null) {
      adjusted = new float[vocabularySize];
    }
    return adjusted;
  }

  /** One counter for each token; whoever uses it leaves zeros behind. */
  int[] counts() {
    if (counts == null) {
      counts = new int[vocabularySize];
    }
    return counts;
  }

  /** Room for sorting candidates. */
  long[] keys() {
    if (keys == null) {
      keys = new long[vocabularySize];
    }
    return keys;
  }
}
