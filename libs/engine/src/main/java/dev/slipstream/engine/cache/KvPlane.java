package dev.slipstream.engine.cache;

import java.lang.foreign.MemorySegment;
import java.util.Optional;

/**
 * The form of a plane: the keys, or the values, of one head for the {@link KvLayout#BLOCK_TOKENS}
 * tokens of a block. A plane is named by its memory and the byte offset at which it starts there.
 */
public interface KvPlane {
  /**
   * What {@link #bytes} is a multiple of, so that planes of all encodings can follow each other.
   */
  int ALIGNMENT = 32;

  /**
   * Larger elements are no model's: others cache keys and values as 16-bit floats. Smaller ones
   * cannot make attention overflow.
   */
  float LARGEST_ELEMENT = 65504f;

  /** Elements of a vector. */
  int dimension();

  /** Size of a plane; a multiple of {@link #ALIGNMENT}. */
  long bytes();

  /**
   * Keeps one vector. What is not finite is kept as 0, so that a broken row cannot reach other
   * sequences through blocks that are used again.
   *
   * @param vector {@code vector[from + d]}
   * @return whether all of it was finite
   */
  boolean store(MemorySegment memory, long plane, int token, float[] vector, int from);

  /** One element as attention sees it; the plane may have any alignment. */
  float element(MemorySegment memory, long plane, int token, int d);

  /** Moves the vector of a token, bit for bit, to the place of a token of this or another plane. */
  void move(MemorySegment memory, long plane, int token, long toPlane, int toToken);

  /**
   * What keeps bytes from elsewhere from being such a plane, for people: attention takes them as
   * they are, and one element that is not a number leaves no row behind it a result. Planes that
   * only {@link #store} has written to, with elements of at most {@link #LARGEST_ELEMENT}, have no
   * fault.
   *
   * @param plane at any alignment
   */
  Optional<String> fault(MemorySegment memory, long plane);

  /** Whether all of it is 0, as in memory that nobody has written to; at any alignment. */
  boolean isBlank(MemorySegment memory, long plane);
}
