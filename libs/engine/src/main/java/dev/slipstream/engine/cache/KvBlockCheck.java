package dev.slipstream.engine.cache;

import static dev.slipstream.engine.cache.KvLayout.BLOCK_TOKENS;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Optional;

/**
 * Whether bytes from elsewhere can be a block of a layout. Attention reads blocks as they are: one
 * scale that is not a number, and no row behind it has a result.
 *
 * <p>Elements may be any 16 bits, but a scale is 0 or a positive normal float. Keys and values of
 * models fit 16-bit floats, which is how others cache them; a scale that leads beyond their range
 * is no model's, and one that does not cannot make attention overflow. Bytes of another layout have
 * elements where scales belong, and give themselves away.
 *
 * <p>Other numbers of this form, in the place of the right ones, pass: no check finds those.
 */
public final class KvBlockCheck {
  /** The largest finite 16-bit float over the largest element. */
  static final float LARGEST_SCALE = 65504f / Short.MAX_VALUE;

  private KvBlockCheck() {}

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
    boolean blank = true;
    for (int slot = 0; slot < layout.slots(); slot++) {
      for (int head = 0; head < layout.kvHeads(); head++) {
        for (int plane : new int[] {layout.keyOffset(slot, head), layout.valueOffset(slot, head)}) {
          for (int token = 0; token < BLOCK_TOKENS; token++) {
            long at = plane + layout.scalesAfter() + (long) token * Float.BYTES;
            float scale = block.get(ValueLayout.JAVA_FLOAT_UNALIGNED, at);
            if (!isScale(scale)) {
              return Optional.of("one of its scales is " + scale);
            }
            blank &= scale == 0;
          }
        }
      }
    }
    return blank ? Optional.of("all its scales are 0") : Optional.empty();
  }

  private static boolean isScale(float scale) {
    return Float.floatToRawIntBits(scale) == 0
        || (scale >= Float.MIN_NORMAL && scale <= LARGEST_SCALE);
  }
}
