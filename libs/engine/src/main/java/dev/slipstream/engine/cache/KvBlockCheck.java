package dev.slipstream.engine.cache;

import java.lang.foreign.MemorySegment;
import java.util.Optional;

/**
 * Whether bytes from elsewhere can be a block of a layout: they have its size, no plane has a
 * {@linkplain KvPlane#fault fault}, and somebody has written to them. Bytes of another layout have
 * other things where scales or elements belong, and mostly give themselves away.
 *
 * <p>Other numbers of this form, in the place of the right ones, pass: no check finds those.
 */
public final class KvBlockCheck {
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
    for (int i = 0; i < layout.slots(); i++) {
      KvSlot slot = layout.slot(i);
      for (int head = 0; head < slot.heads(); head++) {
        int keys = slot.keyOffset(head);
        int values = slot.valueOffset(head);
        Optional<String> fault =
            slot.keys().fault(block, keys).or(() -> slot.values().fault(block, values));
        if (fault.isPresent()) {
          return fault;
        }
        blank = blank && slot.keys().isBlank(block, keys) && slot.values().isBlank(block, values);
      }
    }
    return blank ? Optional.of("there is nothing in it") : Optional.empty();
  }
}
