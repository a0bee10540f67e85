package dev.slipstream.engine.attention;

import dev.slipstream.engine.kernel.KernelSelection;
import dev.slipstream.engine.kernel.RowKernels;
import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/** Vector twin: lanes are partial sums. */
final class VectorAttentionKernels implements AttentionKernels {
  private static final VectorSpecies<Float> F =
      FloatVector.SPECIES_PREFERRED.length() > PARTIALS
          ? FloatVector.SPECIES_256
          : FloatVector.SPECIES_PREFERRED;
  private static final int LANES = F.length();

  private final RowKernels rowKernels = KernelSelection.rowKernels();

  /** Whether this machine's vectors divide the partial sums. */
  static boolean isSupported() {
    return LANES == 4 || LANES == 8;
  }

  @Override
  public void softmax(float[] scores, int offset, int length, float[] sums) {
    int end = offset + (length + PARTIALS - 1) / PARTIALS * PARTIALS;
    Arrays.fill(scores, offset + length, end, Float.NEGATIVE_INFINITY);
    float max = max(scores, offset, end);
    rowKernels.exp(scores, offset, 1, -max, scores, offset, end - offset);
    for (int lane = 0; lane < PARTIALS; lane += LANES) {
      partialSum(scores, offset + lane, end).intoArray(sums, lane);
    }
    FloatVector factor = FloatVector.broadcast(F, 1 / ScalarAttentionKernels.total(sums));
    for (int i = offset; i < end; i += LANES) {
      FloatVector.fromArray(F, scores, i).mul(factor).intoArray(scores, i);
    }
  }

  private static float max(float[] scores, int from, int to) {
    FloatVector max = FloatVector.broadcast(F, Float.NEGATIVE_INFINITY);
    for (int i = from; i < to; i += LANES) {
      max = max.max(FloatVector.fromArray(F, scores, i));
    }
    return max.reduceLanes(VectorOperators.MAX);
  }

  private static FloatVector partialSum(float[] weights, int from, int to) {
    FloatVector sum = FloatVector.zero(F);
    for (int i = from; i < to; i += PARTIALS) {
      sum = sum.add(FloatVector.fromArray(F, weights, i));
    }
    return sum;
  }
}
