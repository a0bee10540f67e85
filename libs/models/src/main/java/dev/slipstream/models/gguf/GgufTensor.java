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
    try {
      return Math.toIntExact(
          shape.subList(1, shape.size()).stream().reduce(1L, Math::multiplyExact));
    } catch (ArithmeticException e) {
      throw tooLarge();
    }
  }

  /**
   * Elements in a row.
   *
   * @throws ModelFormatException if it does not fit an int
   */
  public int columns() {
    if (shape.getFirst() > Integer.MAX_VALUE) {
      throw tooLarge();
    }
    return shape.getFirst().intValue();
  }

  private ModelFormatException tooLarge() {
    return new ModelFormatException("tensor '" + name + "' is too large: shape " + shape);
  }
}
