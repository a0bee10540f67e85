package dev.slipstream.engine.weights;

import dev.slipstream.engine.tensor.WeightMatrix;
import java.lang.foreign.MemorySegment;
import java.util.List;

/**
 * Matrices that a pass needs together: the attention or the feed-forward layer of a block, the
 * embeddings, or the output head. Vectors (norms, biases) are little, and always there. Each unit
 * of a model is one object, which is compared by identity.
 */
public final class WeightUnit {
  private final String name;
  private final List<MemorySegment> memory;

  public WeightUnit(String name, WeightMatrix... matrices) {
    this.name = name;
    this.memory = List.of(matrices).stream().flatMap(m -> m.memory().stream()).toList();
  }

  /** For messages and metrics. */
  public String name() {
    return name;
  }

  /**
   * Where the packed weights belong. The addresses stay, as kernels know them; what lies there is
   * read by passes that have acquired the unit, and by nobody else.
   */
  public List<MemorySegment> memory() {
    return memory;
  }

  public long bytes() {
    return memory.stream().mapToLong(MemorySegment::byteSize).sum();
  }

  @Override
  public String toString() {
    return name;
  }
}
