package dev.slipstream.engine.model;

import com.sun.management.OperatingSystemMXBean;
import dev.slipstream.engine.model.TransformerLayer.Linear;
import dev.slipstream.engine.runtime.ComputePool;
import dev.slipstream.engine.tensor.RowDecoder;
import dev.slipstream.engine.tensor.WeightMatrix;
import dev.slipstream.engine.tensor.WeightMemory;
import dev.slipstream.models.gguf.GgufFile;
import dev.slipstream.models.gguf.GgufTensor;
import dev.slipstream.models.gguf.ModelFormatException;
import java.lang.management.ManagementFactory;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashSet;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;

/**
 * Takes tensors out of a file by name and checks their shapes. A tensor that nobody asked for is an
 * error too: a model whose weights are only partly used would answer nonsense.
 */
final class WeightLoader {
  private final GgufFile file;
  private final Function<GgufTensor, WeightMatrix> packing;
  private final Set<String> taken = new HashSet<>();

  private WeightLoader(GgufFile file, Function<GgufTensor, WeightMatrix> packing) {
    this.file = file;
    this.packing = packing;
  }

  /** Packs the matrices. */
  static WeightLoader packing(GgufFile file, ComputePool pool, WeightMemory memory) {
    return new WeightLoader(file, tensor -> WeightMatrix.of(tensor, pool, memory));
  }

  /** Only looks whether all tensors are there and of the right shape; all matrices are null. */
  static WeightLoader looking(GgufFile file) {
    return new WeightLoader(file, tensor -> null);
  }

  WeightMatrix matrix(String name, int rows, int columns) {
    GgufTensor tensor = require(name);
    check(tensor, rows, columns);
    return packing.apply(tensor);
  }

  Linear linear(String name, int rows, int columns) {
    return new Linear(
        matrix(name + ".weight", rows, columns), optionalVector(name + ".bias", rows));
  }

  float[] vector(String name, int length) {
    GgufTensor tensor = require(name);
    check(tensor, 1, length);
    float[] values = new float[length];
    new RowDecoder(tensor).decode(0, values);
    return values;
  }

  float[] optionalVector(String name, int length) {
    return file.tensor(name).isPresent() ? vector(name, length) : new float[0];
  }

  /** A vector that the model has under a condition, or an empty array. */
  float[] vectorIf(boolean present, String name, int length) {
    return present ? vector(name, length) : new float[0];
  }

  /** Refuses weights that this machine could only hold on disk. */
  static void requireMemory(GgufFile file) {
    long bytes = 0;
    for (GgufTensor tensor : file.tensors()) {
      bytes += tensor.data().byteSize();
    }
    long memory =
        ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class).getTotalMemorySize();
    if (bytes > memory) {
      GgufTensor largest =
          Collections.max(file.tensors(), Comparator.comparingLong(t -> t.data().byteSize()));
      throw new ModelFormatException(
          "%s: the weights take %.1f GB, this machine has %.1f GB of memory; the largest is tensor '%s' of shape %s"
              .formatted(file.name(), bytes / 1e9, memory / 1e9, largest.name(), largest.shape()));
    }
  }

  /** Refuses a matrix, if the file has it, that is not of so many tokens. */
  static void requireRows(GgufFile file, String name, int tokens) {
    GgufTensor tensor = file.tensor(name).orElse(null);
    if (tensor != null && (tensor.shape().size() != 2 || tensor.shape().get(1) != tokens)) {
      throw new ModelFormatException(
          "%s: tensor '%s' has the shape %s, but the vocabulary (tokenizer.ggml.tokens) has %d tokens"
              .formatted(file.name(), name, tensor.shape(), tokens));
    }
  }

  Optional<GgufTensor> find(String name) {
    return file.tensor(name);
  }

  private GgufTensor require(String name) {
    taken.add(name);
    return file.tensor(name)
        .orElseThrow(
            () ->
                new ModelFormatException(
                    "%s: tensor '%s' is missing".formatted(file.name(), name)));
  }

  private void check(GgufTensor tensor, int rows, int columns) {
    if (tensor.rows() != rows || tensor.columns() != columns) {
      throw new ModelFormatException(
          "%s: tensor '%s' is %d x %d, the metadata asks for %d x %d"
              .formatted(
                  file.name(), tensor.name(), tensor.rows(), tensor.columns(), rows, columns));
    }
  }

  /** Throws if the file has a tensor that was not used. */
  void finish() {
    for (GgufTensor tensor : file.tensors()) {
      if (!taken.contains(tensor.name())) {
        throw new ModelFormatException(
            "%s: tensor '%s' has no place in this architecture; the model is of a kind that is not supported"
                .formatted(file.name(), tensor.name()));
      }
    }
  }
}
