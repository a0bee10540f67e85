package dev.slipstream.engine.architecture;

import dev.slipstream.models.gguf.ModelFormatException;

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

  static RopeConfig of(ArchitectureKeys keys, int headDimension, Pairing pairing) {
    int dimensions = keys.size("rope.dimension_count", headDimension);
    if (dimensions > headDimension || dimensions % 2 != 0) {
      throw new ModelFormatException(
          "%s is %d, which does not fit heads of %d elements"
              .formatted(keys.name("rope.dimension_count"), dimensions, headDimension));
    }
    float base = keys.positive("rope.freq_base", 10_000);
    return new RopeConfig(dimensions, base, pairing, scaling(keys));
  }

  /** The same heads without context extension. */
  RopeConfig unscaled(float otherBase) {
    return new RopeConfig(dimensions, otherBase, pairing, new None());
  }

  private static Scaling scaling(ArchitectureKeys keys) {
    float factor = keys.real("rope.scaling.factor", keys.real("rope.scale_linear", 0));
    if (factor < 0) {
      throw new ModelFormatException(
          "%s is %s".formatted(keys.name("rope.scaling.factor"), factor));
    }
    String key = keys.name("rope.scaling.type");
    String type = keys.metadata().string(key).orElse("linear");
    return switch (type) {
      case "none" -> new None();
      case "linear" -> factor == 0 || factor == 1 ? new None() : new Linear(factor);
      case "yarn" ->
          new Yarn(
              factor == 0 ? 1 : factor,
              keys.size("rope.scaling.original_context_length", keys.size("context_length")),
              keys.real("rope.scaling.yarn_ext_factor", 1),
              keys.real("rope.scaling.yarn_attn_factor", keys.real("rope.scaling.attn_factor", 1)),
              keys.real("rope.scaling.yarn_beta_fast", 32),
              keys.real("rope.scaling.yarn_beta_slow", 1));
      default ->
          throw new ModelFormatException(
              "%s '%s' is not supported; supported are none, linear and yarn".formatted(key, type));
    };
  }
}
