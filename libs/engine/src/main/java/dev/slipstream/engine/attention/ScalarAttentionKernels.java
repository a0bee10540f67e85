package dev.slipstream.engine.attention;

import dev.slipstream.engine.kernel.KernelSelection;
import dev.slipstream.engine.kernel.RowKernels;
import java.util.Arrays;

/** The reference: one element at a time. */
final class ScalarAttentionKernels implements AttentionKernels {
  private final RowKernels rowKernels = KernelSelection.rowKernels();

  @Override
  public void softmax(float[] scores, int offset, int length, float[] sums) {
    float max = Float.NEGATIVE_INFINITY;
    for (int i = 0; i < length; i++) {
      max = Math.max(max, scores[offset + i]);
    }
    Arrays.fill(sums, 0f);
    rowKernels.exp(scores, offset, 1, -max, scores, offset, length);
    for (int i = 0; i < length; i++) {
      sums[i % PARTIALS] += scores[offset + i];
    }
    float factor = 1 / total(sums);
    for (int i = 0; i < length; i++) {
      scores[offset + i] *= factor;
    }
  }

  /** Adds up the partial sums of both twins in one order. */
  static float total(float[] sums) {
    return ((sums[0] + sums[4]) + (sums[2] + sums[6]))
        + ((sums[1] + sums[5]) + (sums[3] + sums[7]));
  }
}
