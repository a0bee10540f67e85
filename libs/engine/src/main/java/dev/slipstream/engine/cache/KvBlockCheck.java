package dev.slipstream.engine.cache;

import static dev.slipstream.engine.cache.KvLayout.BLOCK_TOKENS;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.Optional;

/**
 * Whether bytes from elsewhere can be a block of a layout. Attention reads blocks as they are: one
 * scale that is not a number, and no row behind it has a result.
 *
 * <p>The encoding leaves little freedom. The vector of a head and token is all zeros with scale 0;
 * or its scale is a positive normal float, and its largest element by size is exactly 32767, as
 * that is what it was scaled to. Keys and values of models fit 16-bit floats, which is how others
 * cache them, so a vector beyond their range is no model's either; what is within it cannot make
 * attention overflow. And no block is zero throughout.
 *
 * <p>Other numbers of this form, in the place of the right ones, pass: no check finds those.
 */
public final class KvBlockCheck {
  /** The largest finite 16-bit float. */
  private static final float LARGEST_VALUE = 65504;

  static final float LARGEST_SCALE = LARGEST_VALUE / Short.MAX_VALUE;

  private final KvLayout layout;
  private final MemorySegment block;
  private final int[] largest = new int[BLOCK_TOKENS];
  private boolean blank = true;

  private KvBlockCheck(KvLayout layout, MemorySegment block) {
    this.layout = layout;
    this.block = block;
  }

  /**
   * What is wrong with a block, if anything is; for people.
   *
   * @param block its bytes, at any alignment
   */
  public static Optional<String> fault(KvLayout layout, MemorySegment block) {
    if (block.byteSize() != layout.blockBytes()) {
      return Optional.of(
          "it has %d bytes instead of %d".formatted(block.byteSize(), layout.blockBytes()));
    }
    return new KvBlockCheck(layout, block).fault();
  }

  private Optional<String> fault() {
    for (int slot = 0; slot < layout.slots(); slot++) {
      for (int head = 0; head < layout.kvHeads(); head++) {
        int keys = layout.keyOffset(slot, head);
        int values = layout.valueOffset(slot, head);
        measureKeys(keys);
        Optional<String> fault = fault(keys);
        if (fault.isEmpty()) {
          measureValues(values);
          fault = fault(values);
        }
        if (fault.isPresent()) {
          return fault;
        }
      }
    }
    return blank ? Optional.of("all of it is zero") : Optional.empty();
  }

  /** Keys lie as [dimension][token]. */
  private void measureKeys(int plane) {
    Arrays.fill(largest, 0);
    for (int d = 0; d < layout.headDimension(); d++) {
      for (int t = 0; t < BLOCK_TOKENS; t++) {
        largest[t] = Math.max(largest[t], size(plane, d * BLOCK_TOKENS + t));
      }
    }
  }

  /** Values lie as [token][dimension]. */
  private void measureValues(int plane) {
    for (int t = 0; t < BLOCK_TOKENS; t++) {
      int most = 0;
      for (int d = 0; d < layout.headDimension(); d++) {
        most = Math.max(most, size(plane, t * layout.headDimension() + d));
      }
      largest[t] = most;
    }
  }

  private int size(int plane, int element) {
    return Math.abs(
        block.get(ValueLayout.JAVA_SHORT_UNALIGNED, plane + (long) element * Short.BYTES));
  }

  private Optional<String> fault(int plane) {
    for (int t = 0; t < BLOCK_TOKENS; t++) {
      long at = plane + layout.scalesAfter() + (long) t * Float.BYTES;
      float scale = block.get(ValueLayout.JAVA_FLOAT_UNALIGNED, at);
      boolean zero = Float.floatToRawIntBits(scale) == 0 && largest[t] == 0;
      boolean scaled =
          scale >= Float.MIN_NORMAL && scale <= LARGEST_SCALE && largest[t] == Short.MAX_VALUE;
      blank &= zero;
      if (!zero && !scaled) {
        return Optional.of(
            "no vector has the scale %s and the largest element %d".formatted(scale, largest[t]));
      }
    }
    return Optional.empty();
  }
}
