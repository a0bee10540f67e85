package dev.slipstream.engine.quantization;

import dev.slipstream.models.gguf.GgmlType;
import dev.slipstream.models.gguf.GgufFile;
import dev.slipstream.models.gguf.GgufFileWriter;
import dev.slipstream.models.gguf.GgufTensor;
import java.util.List;

/**
 * What becomes of every tensor of a file.
 *
 * @param tensors in the order of the file
 */
public record QuantizationPlan(TargetFormat target, List<PlannedTensor> tensors) {

  /**
   * @param wanted the format that the tensor would get if its rows had any length
   * @param format the one that it gets
   */
  public record PlannedTensor(GgufTensor source, GgmlType wanted, GgmlType format) {
    /** Whether the tensor's bytes stay as they are. */
    public boolean isCopied() {
      return source.type() == format;
    }

    /** Whether the blocks of the wanted format do not fit the tensor's rows. */
    public boolean isFallback() {
      return wanted != format;
    }

    /** Whether a tensor that was rounded before is rounded again. */
    public boolean isRequantized() {
      return !isCopied() && source.type().blockElements() > 1 && format.blockElements() > 1;
    }

    GgufFileWriter.Tensor written() {
      return new GgufFileWriter.Tensor(source.name(), format, source.shape());
    }
  }

  public QuantizationPlan {
    tensors = List.copyOf(tensors);
  }

  /** Bytes of tensor data that will be written. */
  public long bytes() {
    return tensors.stream().mapToLong(tensor -> tensor.written().bytes()).sum();
  }

  /**
   * Decides for every tensor of a file.
   *
   * @param pure whether every matrix gets the target format, if it fits, without the exceptions
   *     that llama-quantize makes
   */
  public static QuantizationPlan of(GgufFile file, TargetFormat target, boolean pure) {
    FormatRules rules = new FormatRules(target, pure, file);
    List<PlannedTensor> tensors =
        file.tensors().stream()
            .map(
                tensor -> {
                  GgmlType wanted = rules.wanted(tensor);
                  return new PlannedTensor(tensor, wanted, FormatRules.fitting(tensor, wanted));
                })
            .toList();
    return new QuantizationPlan(target, tensors);
  }
}
