package dev.slipstream.engine.tensor;

import dev.slipstream.engine.kernel.Kernels;
import dev.slipstream.engine.runtime.ComputePool.Worker;
import dev.slipstream.engine.tensor.QuantFormat.Mins;
import java.lang.foreign.MemorySegment;

/**
 * The scales and minimums of a quantised matrix, for one block of a group's rows after the other.
 * Scale {@code i} is that of row {@code i % r} of block {@code i / r}, with r rows in a group.
 */
sealed interface BlockScales permits StoredScales, SuperBlockScales {
  /** Number of the worker's scratch memory for unpacked scales. */
  int UNPACKED = 1;

  /**
   * @param n number of scales
   * @param finite whether all float16 numbers of the matrix are finite
   */
  static BlockScales of(
      QuantFormat format, long n, int lanes, boolean finite, WeightMemory memory) {
    boolean mins = format.mins == Mins.STORED;
    if (finite && format.hasSuperBlocks()) {
      return SuperBlockScales.of(mins, format, n, lanes, memory);
    }
    StoredScales.Form form = StoredScales.Form.of(mins, finite);
    return new StoredScales(form, memory.take(Math.multiplyExact(n, form.bytes)), lanes);
  }

  MemorySegment memory();

  /** Stores scale i, that of sub-block {@code sub}, and its minimum if those are stored. */
  void put(long i, QuantBlock block, int sub);

  float scale(long i);

  /** A stored minimum; the scale if none are stored. */
  float min(long i);

  /** Unpacks n scales, from the one numbered i on, as floats. */
  void load(Kernels kernels, long i, int n, Worker w);

  /** Where the n scales that were loaded are. */
  long loaded(long i, int n, Worker w);

  /** Bytes from the loaded scales of a block to those of the next. */
  long stride();

  /** Bytes from a loaded scale to its minimum, or to itself if none are stored. */
  long toMin();
}
