package dev.slipstream.engine.tensor;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * Memory for packed weights, outside the heap: kernels read it by address, and no garbage collector
 * ever moves or scans it. It is freed when no matrix uses it any more.
 */
public final class WeightMemory {
  /** A cache line, which a vector should not cross. */
  private static final long ALIGNMENT = 64;

  /** Small matrices share a piece, since huge pages need large ones. */
  private static final long PIECE_BYTES = 32L << 20;

  private MemorySegment piece = MemorySegment.NULL;
  private long used;

  /** So many zeroed bytes. */
  MemorySegment take(long bytes) {
    long size = Math.ceilDiv(bytes, ALIGNMENT) * ALIGNMENT;
    if (size > piece.byteSize() - used) {
      piece = HugePages.allocate(Math.max(size, PIECE_BYTES), Arena.ofAuto());
      used = 0;
    }
    MemorySegment taken = piece.asSlice(used, bytes);
    used += size;
    return taken;
  }
}
