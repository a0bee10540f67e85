package dev.slipstream.models.gguf;

import java.lang.foreign.MemorySegment;
import java.util.List;

/**
 * A tensor of a model file.
 *
 * @param name unique in its file
 * @param type how its elements are stored
 * @param shape 1 to 4 sizes, each at least 1; shape[0] is the row length and runs fastest
 * @param data the stored bytes, exactly as many as shape and type need; read-only, and valid until
 *     the file is closed
 */
public record GgufTensor(String name, GgmlType type, List<Long> shape, MemorySegment data) {

  public GgufTensor {
    shape = List.copyOf(shape);
  }

  /**
   * Product of all sizes but the first.
   *
   * @throws ModelFormatException if it does not fit an int
   */
  public int rows() {
    long rows = 1;
    for (long size : shape.subList(1, shape.size())) {
      rows *= size;
    }
    return fit(rows);
  }

  /**
   * Elements in a row.
   *
   * @throws ModelFormatException if it does not fit an int
   */
  public int columns() {
    return fit(shape.getFirst());
  }

  private int fit(long value) {
    if (value > Integer.MAX_VALUE) {
      throw new ModelFormatException("tensor '" + name + "' is too large: shape " + shape);
    }
    return (int) value;
  }
}
