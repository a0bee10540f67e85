package dev.slipstream.engine.model;

import dev.slipstream.engine.architecture.RopeConfig;
import dev.slipstream.models.gguf.ModelFormatException;
import java.util.Arrays;

/**
 * Rotates query and key heads by their position.
 *
 * <p>The angle of pair i at position p is p * {@code frequency[i]}; scaling and the per-frequency
 * factors of Llama 3 are folded into the frequencies at load.
 */
final class Rope {
  private final int pairs;
  private final boolean halves;
  private final double[] frequencies;
  private final double magnitude;

  /**
   * @param factors divisors of the frequencies ({@code rope_freqs.weight}), or an empty array
   */
  Rope(RopeConfig config, float[] factors) {
    this.pairs = config.dimensions() / 2;
    this.halves = config.pairing() == RopeConfig.Pairing.HALVES;
    if (factors.length != 0 && factors.length != pairs) {
      throw new ModelFormatException(
          "tensor 'rope_freqs.weight' has %d elements, the model needs %d"
              .formatted(factors.length, pairs));
    }
    double[] base = new double[pairs];
    for (int i = 0; i < pairs; i++) {
      base[i] = Math.pow(config.base(), -2.0 * i / config.dimensions());
      if (factors.length != 0) {
        base[i] /= checked(factors, i);
      }
    }
    this.frequencies =
        switch (config.scaling()) {
          case RopeConfig.None() -> base;
          case RopeConfig.Linear(float factor) ->
              Arrays.stream(base).map(f -> f / factor).toArray();
          case RopeConfig.Yarn yarn -> yarnFrequencies(base, config, yarn);
        };
    this.magnitude = config.scaling() instanceof RopeConfig.Yarn yarn ? yarnMagnitude(yarn) : 1.0;
  }

  private static float checked(float[] factors, int i) {
    if (!(factors[i] > 0 && factors[i] < Float.POSITIVE_INFINITY)) {
      throw new ModelFormatException(
          "tensor 'rope_freqs.weight': element %d is %s, not a number above 0"
              .formatted(i, factors[i]));
    }
    return factors[i];
  }

  private static double[] yarnFrequencies(double[] base, RopeConfig config, RopeConfig.Yarn yarn) {
    double low = Math.max(0, Math.floor(rotationIndex(config, yarn, yarn.betaFast())));
    double high =
        Math.min(config.dimensions() - 1, Math.ceil(rotationIndex(config, yarn, yarn.betaSlow())));
    double[] scaled = new double[base.length];
    for (int i = 0; i < base.length; i++) {
      double ramp = (i - low) / Math.max(0.001, high - low);
      double keep = (1 - Math.clamp(ramp, 0.0, 1.0)) * yarn.extrapolation();
      scaled[i] = base[i] / yarn.factor() * (1 - keep) + base[i] * keep;
    }
    return scaled;
  }

  /** The pair that turns this many times over the training length. */
  private static double rotationIndex(RopeConfig config, RopeConfig.Yarn yarn, double rotations) {
    return config.dimensions()
        * Math.log(yarn.originalContext() / (rotations * 2 * Math.PI))
        / (2 * Math.log(config.base()));
  }

  private static double yarnMagnitude(RopeConfig.Yarn yarn) {
    double correction =
        yarn.extrapolation() != 0 && yarn.factor() > 1 ? 1 + 0.1 * Math.log(yarn.factor()) : 1;
    return yarn.attention() * correction;
  }

  /** Floats that {@link #angles} writes. */
  int angleCount() {
    return 2 * pairs;
  }

  /** Writes cosine and sine of every pair at a position: all cosines, then all sines. */
  void angles(int position, float[] out, int offset) {
    for (int i = 0; i < pairs; i++) {
      double angle = position * frequencies[i];
      out[offset + i] = (float) (Math.cos(angle) * magnitude);
      out[offset + pairs + i] = (float) (Math.sin(angle) * magnitude);
    }
  }

  /** Rotates one head in place. */
  void rotate(float[] head, int offset, float[] angles, int angleOffset) {
    int step = halves ? 1 : 2;
    int partner = halves ? pairs : 1;
    for (int i = 0; i < pairs; i++) {
      int a = offset + i * step;
      int b = a + partner;
      float cos = angles[angleOffset + i];
      float sin = angles[angleOffset + pairs + i];
      float x = head[a];
      float y = head[b];
      head[a] = x * cos - y * sin;
      head[b] = x * sin + y * cos;
    }
  }
}
