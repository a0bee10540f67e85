package dev.slipstream.engine.sampling;

import static dev.slipstream.engine.sampling.ScalarLogitKernels.EXP_LOWEST;
import static dev.slipstream.engine.sampling.ScalarLogitKernels.LN2_HIGH;
import static dev.slipstream.engine.sampling.ScalarLogitKernels.LN2_LOW;
import static dev.slipstream.engine.sampling.ScalarLogitKernels.LOG2_E;
import static dev.slipstream.engine.sampling.ScalarLogitKernels.LOWEST;
import static dev.slipstream.engine.sampling.ScalarLogitKernels.ROUND;
import static dev.slipstream.engine.sampling.ScalarLogitKernels.TAYLOR;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/** The same steps as {@link ScalarLogitKernels}, lane by lane. */
final class VectorLogitKernels implements LogitKernels {
  private static final VectorSpecies<Float> SPECIES = FloatVector.SPECIES_PREFERRED;
  private static final int LANES = SPECIES.length();

  /** Vectors whose terms are added up as floats before they go to a double. */
  private static final int CHUNK = 32 * LANES;

  private final ScalarLogitKernels tail = new ScalarLogitKernels();

  @Override
  public float max(float[] row, int offset, int length) {
    int bound = SPECIES.loopBound(length);
    FloatVector a = FloatVector.broadcast(SPECIES, Float.NEGATIVE_INFINITY);
    FloatVector b = a;
    int i = 0;
    for (; i + LANES < bound; i += 2 * LANES) {
      a = a.max(FloatVector.fromArray(SPECIES, row, offset + i));
      b = b.max(FloatVector.fromArray(SPECIES, row, offset + i + LANES));
    }
    float rest = tail.max(row, offset + i, length - i);
    return Math.max(a.max(b).reduceLanes(VectorOperators.MAX), rest);
  }

  @Override
  public int indexOf(float[] row, int offset, int length, float value) {
    int bound = SPECIES.loopBound(length);
    for (int i = 0; i < bound; i += LANES) {
      var equal = FloatVector.fromArray(SPECIES, row, offset + i).eq(value);
      if (equal.anyTrue()) {
        return i + equal.firstTrue();
      }
    }
    int rest = tail.indexOf(row, offset + bound, length - bound, value);
    return rest < 0 ? -1 : bound + rest;
  }

  @Override
  public int firstAbove(float[] row, int offset, int from, int length, float bound) {
    int i = from;
    for (; i + LANES <= length; i += LANES) {
      var above =
          FloatVector.fromArray(SPECIES, row, offset + i).compare(VectorOperators.GT, bound);
      if (above.anyTrue()) {
        return i + above.firstTrue();
      }
    }
    return tail.firstAbove(row, offset, i, length, bound);
  }

  @Override
  public double sumExp(float[] row, int offset, int length, float max, float temperature) {
    int bound = SPECIES.loopBound(length);
    float[] lanes = new float[LANES];
    double sum = 0;
    for (int start = 0; start < bound; start += CHUNK) {
      int end = Math.min(bound, start + CHUNK);
      FloatVector terms = FloatVector.zero(SPECIES);
      for (int i = start; i < end; i += LANES) {
        terms = terms.add(term(row, offset + i, max, temperature));
      }
      sum += sum(terms, lanes);
    }
    return sum + tail.sumExp(row, offset + bound, length - bound, max, temperature);
  }

  @Override
  public double exp(
      float[] row, int offset, int length, float max, float temperature, float[] out) {
    int bound = SPECIES.loopBound(length);
    float[] lanes = new float[LANES];
    double sum = 0;
    for (int start = 0; start < bound; start += CHUNK) {
      int end = Math.min(bound, start + CHUNK);
      FloatVector terms = FloatVector.zero(SPECIES);
      for (int i = start; i < end; i += LANES) {
        FloatVector term = term(row, offset + i, max, temperature);
        term.intoArray(out, i);
        terms = terms.add(term);
      }
      sum += sum(terms, lanes);
    }
    for (int i = bound; i < length; i++) {
      out[i] = ScalarLogitKernels.exp((row[offset + i] - max) / temperature);
      sum += out[i];
    }
    return sum;
  }

  /** The lanes from first to last: the order of reduceLanes is not defined. */
  private static double sum(FloatVector terms, float[] lanes) {
    terms.intoArray(lanes, 0);
    double sum = 0;
    for (float lane : lanes) {
      sum += lane;
    }
    return sum;
  }

  private static FloatVector term(float[] row, int at, float max, float temperature) {
    FloatVector x = FloatVector.fromArray(SPECIES, row, at).sub(max);
    return exp(temperature == 1 ? x : x.div(temperature));
  }

  private static FloatVector exp(FloatVector exponent) {
    FloatVector x = exponent.max(LOWEST);
    FloatVector shifted = x.fma(broadcast(LOG2_E), broadcast(ROUND));
    FloatVector n = shifted.sub(ROUND);
    FloatVector r = n.fma(broadcast(-LN2_LOW), n.fma(broadcast(-LN2_HIGH), x));
    FloatVector sum = broadcast(TAYLOR[0]);
    for (int i = 1; i < TAYLOR.length; i++) {
      sum = sum.fma(r, broadcast(TAYLOR[i]));
    }
    sum = sum.mul(r).fma(r, r).add(1);
    IntVector power =
        shifted
            .reinterpretAsInts()
            .lanewise(VectorOperators.LSHL, 23)
            .add(Float.floatToRawIntBits(1));
    return sum.mul(power.reinterpretAsFloats()).sub(EXP_LOWEST);
  }

  private static FloatVector broadcast(float value) {
    return FloatVector.broadcast(SPECIES, value);
  }
}
