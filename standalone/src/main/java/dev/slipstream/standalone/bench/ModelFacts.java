package dev.slipstream.standalone.bench;

import dev.slipstream.models.gguf.GgmlType;
import dev.slipstream.models.gguf.GgufFile;
import dev.slipstream.models.gguf.GgufTensor;
import java.io.IOException;
import java.nio.file.Path;
import java.util.EnumMap;
import java.util.Locale;
import java.util.Map;

/**
 * What a model file weighs. All figures are of the file, whatever the engine repacks them into.
 *
 * @param name architecture, size and the format of most weights, as llama-bench says it
 * @param fileName without folders
 * @param bytes of all tensors
 * @param parameters elements of all tensors
 * @param bytesPerPass that any forward pass with logits has to read at least once
 * @param bodyWeights multiplied with every row
 * @param headWeights multiplied with every row that asks for logits
 */
public record ModelFacts(
    String name,
    String fileName,
    long bytes,
    long parameters,
    long bytesPerPass,
    long bodyWeights,
    long headWeights) {

  private static final String EMBEDDING = "token_embd.weight";
  private static final String HEAD = "output.weight";

  /**
   * Reads the directory of a model file.
   *
   * @throws dev.slipstream.models.gguf.ModelFormatException if it is damaged
   */
  public static ModelFacts of(Path path) throws IOException {
    try (GgufFile file = GgufFile.open(path)) {
      boolean tied = file.tensor(HEAD).isEmpty();
      long bytes = 0;
      long parameters = 0;
      long read = 0;
      long body = 0;
      long head = 0;
      Map<GgmlType, Long> bytesByType = new EnumMap<>(GgmlType.class);
      for (GgufTensor tensor : file.tensors()) {
        long size = tensor.data().byteSize();
        long elements = (long) tensor.rows() * tensor.columns();
        boolean embedding = tensor.name().equals(EMBEDDING);
        bytes += size;
        parameters += elements;
        read += embedding && !tied ? 0 : size;
        if (tensor.name().equals(tied ? EMBEDDING : HEAD)) {
          head = elements;
        } else if (tensor.shape().size() > 1 && !embedding) {
          body += elements;
          bytesByType.merge(tensor.type(), size, Long::sum);
        }
      }
      return new ModelFacts(
          name(file, parameters, bytesByType), file.name(), bytes, parameters, read, body, head);
    }
  }

  private static String name(GgufFile file, long parameters, Map<GgmlType, Long> bytesByType) {
    String type =
        bytesByType.entrySet().stream()
            .max(Map.Entry.comparingByValue())
            .map(e -> " " + e.getKey().name())
            .orElse("");
    String size =
        parameters < 1_000_000_000
            ? Math.round(parameters / 1e6) + "M"
            : String.format(Locale.ROOT, "%.1fB", parameters / 1e9);
    return file.metadata().requireString("general.architecture") + " " + size + type;
  }

  /** Floating-point operations of the matrix products of a pass. */
  double operations(long rows, long logitRows) {
    return 2.0 * (bodyWeights * (double) rows + headWeights * (double) logitRows);
  }
}
