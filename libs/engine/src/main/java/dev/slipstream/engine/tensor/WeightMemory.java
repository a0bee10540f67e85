package dev.slipstream.engine.tensor;

import dev.slipstream.engine.memory.HugePages;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.function.IntSupplier;

/**
 * Memory for packed weights, outside the heap: kernels read it by address, and no garbage collector
 * ever moves or scans it. It is freed when no matrix uses it any more.
 *
 * <p>Matrices take it in the order in which a model is loaded, and note what they chose on the way.
 * Memory that comes from a {@link WeightCache} is filled already: the same calls in the same order
 * find there what was packed before. Not for use by several threads.
 */
public final class WeightMemory {
  /** A cache line, which a vector should not cross. */
  private static final long ALIGNMENT = 64;

  /** Small matrices share a piece, since huge pages need large ones. */
  private static final long PIECE_BYTES = 32L << 20;

  /** What happened to the memory. */
  sealed interface Entry {
    record Taken(MemorySegment memory) implements Entry {}

    record Noted(int value) implements Entry {}
  }

  /** The memory was filled for another model, or by another version. */
  static final class MismatchException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    MismatchException() {
      super("packed weights do not fit the model");
    }
  }

  private final boolean filled;
  private final List<Entry> entries;
  private MemorySegment piece = MemorySegment.NULL;
  private long used;
  private int next;

  public WeightMemory() {
    this.filled = false;
    this.entries = new ArrayList<>();
  }

  WeightMemory(List<Entry> filled) {
    this.filled = true;
    this.entries = List.copyOf(filled);
  }

  /** Whether weights are there already, so that there is nothing to pack. */
  boolean isFilled() {
    return filled;
  }

  /** So many bytes: zeroed, or those that were filled. */
  MemorySegment take(long bytes) {
    if (filled) {
      if (nextEntry() instanceof Entry.Taken(MemorySegment memory) && memory.byteSize() == bytes) {
        return memory;
      }
      throw new MismatchException();
    }
    MemorySegment taken = allocate(bytes);
    entries.add(new Entry.Taken(taken));
    return taken;
  }

  private MemorySegment allocate(long bytes) {
    long size = Math.ceilDiv(bytes, ALIGNMENT) * ALIGNMENT;
    if (size > piece.byteSize() - used) {
      piece = HugePages.allocate(Math.max(size, PIECE_BYTES), Arena.ofAuto());
      used = 0;
    }
    MemorySegment allocated = piece.asSlice(used, bytes);
    used += size;
    return allocated;
  }

  /** A choice that depends on the weights, from 0 to {@code end} - 1: made, or found as noted. */
  int choice(int end, IntSupplier choose) {
    if (!filled) {
      int value = choose.getAsInt();
      note(value);
      return value;
    }
    if (nextEntry() instanceof Entry.Noted(int value) && value >= 0 && value < end) {
      return value;
    }
    throw new MismatchException();
  }

  void note(int value) {
    entries.add(new Entry.Noted(value));
  }

  private Entry nextEntry() {
    if (next == entries.size()) {
      throw new MismatchException();
    }
    return entries.get(next++);
  }

  List<Entry> entries() {
    return entries;
  }
}
