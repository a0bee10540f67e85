package dev.slipstream.engine.architecture;

/**
 * Rotary position embedding as a GGUF file declares it.
 *
 * @param dimensions elements per head that are rotated; the rest pass through
 * @param base base of the geometric series of frequencies
 * @param pairing which elements are rotated together
 * @param scaling how positions beyond the training length are reached
 */
public record RopeConfig(int dimensions, float base, Pairing pairing, Scaling scaling) {

  /** Which elements of a head form a pair. */
  public enum Pairing {
    /** 2i and 2i + 1. */
    NEIGHBOURS,
    /** i and i + dimensions/2. */
    HALVES
  }

  /** Context extension. */
  public sealed interface Scaling {}

  /** None: positions are used as they are. */
  public record None() implements Scaling {}

  /** Position interpolation: every position is divided by the factor. */
  public record Linear(float factor) implements Scaling {}

  /**
   * YaRN (arXiv 2309.00071): low frequencies are interpolated, high ones kept, and attention is
   * rescaled.
   *
   * @param factor context extension
   * @param originalContext training length in tokens
   * @param extrapolation share of the ramp that applies, normally 1
   * @param attention factor on the attention temperature correction, normally 1
   * @param betaFast rotations over the training length above which a frequency is kept
   * @param betaSlow rotations below which it is interpolated
   */
  public record Yarn(
      float factor,
      int originalContext,
      float extrapolation,
      float attention,
      float betaFast,
      float betaSlow)
      implements Scaling {}

  /** Far beyond what is used; the angles of all positions stay finite. */
  private static final float MAX = 1e9f;

  static RopeConfig of(ArchitectureKeys keys, int headDimension, Pairing pairing) {
    String count = "rope.dimension_count";
    int dimensions = keys.size(count, headDimension, headDimension);
    if (dimensions % 2 != 0) {
      throw keys.invalid(count, "is %d, but elements are rotated in pairs".formatted(dimensions));
    }
    return new RopeConfig(dimensions, base(keys, "rope.freq_base", 10_000), pairing, scaling(keys));
  }

  static float base(ArchitectureKeys keys, String key, float absent) {
    float base = keys.positive(key, absent, MAX);
    if (base <= 1) {
      throw keys.invalid(key, "is %s, not above 1".formatted(base));
    }
    return base;
  }

  /** The same heads with another base and without context extension. */
  RopeConfig unscaled(float otherBase) {
    return new RopeConfig(dimensions, otherBase, pairing, new None());
  }

  private static Scaling scaling(ArchitectureKeys keys) {
    float factor = factor(keys);
    String type = keys.metadata().string(keys.name("rope.scaling.type")).orElse("linear");
    return switch (type) {
      case "none" -> new None();
      case "linear" -> factor == 1 ? new None() : new Linear(factor);
      case "yarn" -> yarn(keys, factor);
      default ->
          throw keys.invalid(
              "rope.scaling.type",
              "is '%s', which is not supported; supported are none, linear and yarn"
                  .formatted(type));
    };
  }

  private static Yarn yarn(ArchitectureKeys keys, float factor) {
    String extrapolation = "rope.scaling.yarn_ext_factor";
    float share = (float) keys.metadata().number(keys.name(extrapolation)).orElse(1);
    if (!(share >= 0 && share <= 1)) {
      throw keys.invalid(extrapolation, "is %s, outside of 0 to 1".formatted(share));
    }
    return new Yarn(
        factor,
        keys.originalContextLength(),
        share,
        keys.positive(
            "rope.scaling.yarn_attn_factor",
            keys.positive("rope.scaling.attn_factor", 1f, MAX),
            MAX),
        keys.positive("rope.scaling.yarn_beta_fast", 32f, MAX),
        keys.positive("rope.scaling.yarn_beta_slow", 1f, MAX));
  }

  /** 0 stands for none, as in llama.cpp. */
  private static float factor(ArchitectureKeys keys) {
    for (String key : new String[] {"rope.scaling.factor", "rope.scale_linear"}) {
      String name = keys.name(key);
      if (keys.metadata().contains(name)) {
        return keys.metadata().requireNumber(name) == 0 ? 1 : keys.positive(key, 1, MAX);
      }
    }
    return 1;
  }
}
