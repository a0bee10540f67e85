package dev.slipstream.engine.quantization;

import dev.slipstream.models.gguf.GgmlType;
import dev.slipstream.models.gguf.GgufFile;
import dev.slipstream.models.gguf.GgufTensor;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Which format each tensor gets: as llama-quantize decides without an importance matrix. Vectors,
 * norms and expert gates stay as they are. The output matrix, and the embeddings if they serve as
 * one, get Q6_K, or Q8_0, because they matter more; in Q4_K and Q5_K, so do the value and down
 * projections of some layers. Where a format's blocks do not fit a row, the next better one does.
 */
final class FormatRules {
  private static final String OUTPUT = "output.weight";
  private static final String EMBEDDINGS = "token_embd.weight";
  private static final Pattern MORE_BITS =
      Pattern.compile("blk\\.(\\d{1,6})\\.(attn_v|ffn_down)\\.weight");

  private final TargetFormat target;
  private final boolean pure;
  private final boolean tied;
  private final int layers;

  /**
   * @param pure every matrix in the target format, where it fits
   */
  FormatRules(TargetFormat target, boolean pure, GgufFile file) {
    this.target = target;
    this.pure = pure || !target.isQuantized();
    this.tied = file.tensor(OUTPUT).isEmpty();
    this.layers =
        (int) file.tensors().stream().filter(t -> t.name().endsWith(".attn_v.weight")).count();
  }

  /** What the tensor would get if its rows had any length. */
  GgmlType wanted(GgufTensor tensor) {
    if (!isRewritten(tensor)) {
      return tensor.type();
    }
    if (pure) {
      return target.type();
    }
    if (isOutput(tensor.name())) {
      boolean fits = fits(tensor, target.type());
      return fits && target != TargetFormat.Q8_0 ? GgmlType.Q6_K : GgmlType.Q8_0;
    }
    return getsMoreBits(tensor.name()) ? GgmlType.Q6_K : target.type();
  }

  /** The format itself, or what is nearest to it among those that fit the tensor's rows. */
  static GgmlType fitting(GgufTensor tensor, GgmlType wanted) {
    GgmlType smaller =
        switch (fits(tensor, wanted) ? GgmlType.F32 : wanted) {
          case F32, F16, BF16, Q8_0, Q4_0, Q4_1, Q5_0, Q5_1 -> wanted;
          case Q2_K, Q3_K -> GgmlType.Q4_0;
          case Q4_K -> GgmlType.Q5_0;
          case Q5_K -> GgmlType.Q5_1;
          case Q6_K -> GgmlType.Q8_0;
        };
    return fits(tensor, smaller) ? smaller : GgmlType.F16;
  }

  private static boolean fits(GgufTensor tensor, GgmlType type) {
    return tensor.columns() % type.blockElements() == 0;
  }

  private static boolean isRewritten(GgufTensor tensor) {
    String name = tensor.name();
    return dimensions(tensor) > 1
        && name.endsWith("weight")
        && !name.contains("_norm.weight")
        && !name.contains("ffn_gate_inp.weight");
  }

  /** Trailing sizes of 1 do not count. */
  private static int dimensions(GgufTensor tensor) {
    int dimensions = tensor.shape().size();
    while (dimensions > 1 && tensor.shape().get(dimensions - 1) == 1) {
      dimensions--;
    }
    return dimensions;
  }

  private boolean isOutput(String name) {
    return name.equals(OUTPUT) || tied && name.equals(EMBEDDINGS);
  }

  /** The first and the last eighth of the layers, and every third one between. */
  private boolean getsMoreBits(String name) {
    if (target != TargetFormat.Q4_K && target != TargetFormat.Q5_K) {
      return false;
    }
    Matcher matcher = MORE_BITS.matcher(name);
    if (!matcher.matches()) {
      return false;
    }
    int layer = Integer.parseInt(matcher.group(1));
    int eighth = layers / 8;
    return layer < eighth || layer >= 7 * layers / 8 || (layer - eighth) % 3 == 2;
  }
}
