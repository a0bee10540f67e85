package dev.slipstream.engine.model;

import dev.slipstream.models.gguf.GgufMetadata;
import dev.slipstream.models.gguf.ModelFormatException;

/**
 * Rotary position embedding as a GGUF file declares it.
 *
 * @param dimensions elements per head that are rotated; the rest pass through
 * @param base base of the geometric series of frequencies
 * @param halves whether element i is rotated with element i + dimensions/2 (Qwen) or 2i with 2i+1
 *     (Llama)
 * @param scaling how positions beyond the training length are reached
 */
public record RopeConfig(int dimensions, float base, boolean halves, Scaling scaling) {

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

  static RopeConfig of(GgufMetadata metadata, String architecture, int headDimension) {
    String prefix = architecture + ".rope.";
    int dimensions = metadata.integer(prefix + "dimension_count").orElse(headDimension);
    if (dimensions < 2 || dimensions > headDimension || dimensions % 2 != 0) {
      throw new ModelFormatException(
          "%sdimension_count is %d, which does not fit heads of %d elements"
              .formatted(prefix, dimensions, headDimension));
    }
    float base = real(metadata, prefix + "freq_base", 10000f);
    if (!(base > 0) || Float.isInfinite(base)) {
      throw new ModelFormatException("%sfreq_base is %s".formatted(prefix, base));
    }
    boolean halves = architecture.startsWith("qwen");
    return new RopeConfig(dimensions, base, halves, scaling(metadata, architecture, prefix));
  }

  private static Scaling scaling(GgufMetadata metadata, String architecture, String prefix) {
    float factor =
        real(metadata, prefix + "scaling.factor", real(metadata, prefix + "scale_linear", 0f));
    if (!(factor >= 0) || Float.isInfinite(factor)) {
      throw new ModelFormatException("%sscaling.factor is %s".formatted(prefix, factor));
    }
    String type = metadata.string(prefix + "scaling.type").orElse("linear");
    return switch (type) {
      case "none" -> new None();
      case "linear" -> factor == 0 || factor == 1 ? new None() : new Linear(factor);
      case "yarn" ->
          new Yarn(
              factor == 0 ? 1 : factor,
              metadata
                  .integer(prefix + "scaling.original_context_length")
                  .orElseGet(() -> ModelConfig.size(metadata, architecture + ".context_length")),
              real(metadata, prefix + "scaling.yarn_ext_factor", 1f),
              real(
                  metadata,
                  prefix + "scaling.yarn_attn_factor",
                  real(metadata, prefix + "scaling.attn_factor", 1f)),
              real(metadata, prefix + "scaling.yarn_beta_fast", 32f),
              real(metadata, prefix + "scaling.yarn_beta_slow", 1f));
      default ->
          throw new ModelFormatException(
              "%sscaling.type '%s' is not supported; supported are none, linear and yarn"
                  .formatted(prefix, type));
    };
  }

  private static float real(GgufMetadata metadata, String key, float absent) {
    return (float) metadata.number(key).orElse(absent);
  }
}
