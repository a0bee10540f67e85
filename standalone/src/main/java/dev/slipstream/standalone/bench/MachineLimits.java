package dev.slipstream.standalone.bench;

import dev.slipstream.engine.runtime.ComputePool;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * What the cores can do at most, measured on the threads of a pool with vectors of the preferred
 * width.
 *
 * @param bytesPerSecond of reading memory once through, over and over
 * @param operationsPerSecond of float multiply-adds in registers; one counts as two operations
 */
record MachineLimits(double bytesPerSecond, double operationsPerSecond) {

  private static final VectorSpecies<Float> SPECIES = FloatVector.SPECIES_PREFERRED;
  private static final int LANES = SPECIES.length();
  private static final int CHAINS = 12;
  private static final int CHUNK = 1 << 16;
  private static final long LEAST_BYTES = 64L << 20;
  private static final long MOST_BYTES = 1L << 30;
  private static final int ITERATIONS = 4096;
  private static final int CALLS = 256;

  /** Compilation included: the first rounds are slow and do not count, as the best one does. */
  private static final double SECONDS = 1.5;

  /**
   * Measures for about three seconds.
   *
   * @param workingSet bytes to read again and again: those of the model, so that a cache that holds
   *     part of the model counts here as it does there
   */
  static MachineLimits measure(ComputePool pool, long workingSet) {
    return new MachineLimits(bandwidth(pool, workingSet), operations(pool));
  }

  /** The higher of two measurements: a neighbour can only make them lower. */
  MachineLimits orHigher(MachineLimits other) {
    return new MachineLimits(
        Math.max(bytesPerSecond, other.bytesPerSecond),
        Math.max(operationsPerSecond, other.operationsPerSecond));
  }

  private static double bandwidth(ComputePool pool, long workingSet) {
    int chunks = (int) (Math.clamp(workingSet, LEAST_BYTES, MOST_BYTES) / CHUNK);
    try (Arena arena = Arena.ofShared()) {
      MemorySegment memory = arena.allocate((long) chunks * CHUNK, 64);
      float[] sums = new float[pool.threads() * LANES * 2];
      ComputePool.Task task =
          worker -> {
            for (int i = worker.first(chunks); i < worker.end(chunks); i++) {
              sum(memory, (long) i * CHUNK, sums, worker.index() * LANES);
            }
          };
      return (double) chunks * CHUNK / fastest(pool, task);
    }
  }

  private static double operations(ComputePool pool) {
    float[] values = new float[pool.threads() * LANES * CHAINS];
    ComputePool.Task task =
        worker -> {
          for (int i = 0; i < CALLS; i++) {
            multiplyAdd(values, worker.index() * LANES * CHAINS);
          }
        };
    double each = 2.0 * LANES * CHAINS * ITERATIONS * CALLS;
    return each * pool.threads() / fastest(pool, task);
  }

  private static double fastest(ComputePool pool, ComputePool.Task task) {
    double best = Double.POSITIVE_INFINITY;
    long begin = System.nanoTime();
    while (System.nanoTime() - begin < SECONDS * 1e9) {
      long start = System.nanoTime();
      pool.run(task);
      best = Math.min(best, (System.nanoTime() - start) / 1e9);
    }
    return best;
  }

  /** Adds up a chunk; the sum is kept so that the reads cannot be left out. */
  private static void sum(MemorySegment memory, long offset, float[] sums, int at) {
    int bytes = LANES * Float.BYTES;
    ByteOrder order = ByteOrder.nativeOrder();
    FloatVector a = FloatVector.fromArray(SPECIES, sums, at);
    FloatVector b = a;
    FloatVector c = a;
    FloatVector d = a;
    for (int i = 0; i < CHUNK; i += 4 * bytes) {
      a = a.add(FloatVector.fromMemorySegment(SPECIES, memory, offset + i, order));
      b = b.add(FloatVector.fromMemorySegment(SPECIES, memory, offset + i + bytes, order));
      c = c.add(FloatVector.fromMemorySegment(SPECIES, memory, offset + i + 2L * bytes, order));
      d = d.add(FloatVector.fromMemorySegment(SPECIES, memory, offset + i + 3L * bytes, order));
    }
    a.add(b).add(c.add(d)).intoArray(sums, at);
  }

  /** As many chains as it takes to hide the latency of two multiply-add units. */
  private static void multiplyAdd(float[] values, int at) {
    FloatVector x = FloatVector.fromArray(SPECIES, values, at);
    FloatVector y = x;
    FloatVector a = x;
    FloatVector b = FloatVector.fromArray(SPECIES, values, at + LANES);
    FloatVector c = FloatVector.fromArray(SPECIES, values, at + 2 * LANES);
    FloatVector d = FloatVector.fromArray(SPECIES, values, at + 3 * LANES);
    FloatVector e = FloatVector.fromArray(SPECIES, values, at + 4 * LANES);
    FloatVector f = FloatVector.fromArray(SPECIES, values, at + 5 * LANES);
    FloatVector g = FloatVector.fromArray(SPECIES, values, at + 6 * LANES);
    FloatVector h = FloatVector.fromArray(SPECIES, values, at + 7 * LANES);
    FloatVector i = FloatVector.fromArray(SPECIES, values, at + 8 * LANES);
    FloatVector j = FloatVector.fromArray(SPECIES, values, at + 9 * LANES);
    FloatVector k = FloatVector.fromArray(SPECIES, values, at + 10 * LANES);
    FloatVector l = FloatVector.fromArray(SPECIES, values, at + 11 * LANES);
    for (int round = 0; round < ITERATIONS; round++) {
      a = x.fma(y, a);
      b = x.fma(y, b);
      c = x.fma(y, c);
      d = x.fma(y, d);
      e = x.fma(y, e);
      f = x.fma(y, f);
      g = x.fma(y, g);
      h = x.fma(y, h);
      i = x.fma(y, i);
      j = x.fma(y, j);
      k = x.fma(y, k);
      l = x.fma(y, l);
    }
    FloatVector first = a.add(b).add(c.add(d)).add(e.add(f));
    first.add(g.add(h)).add(i.add(j)).add(k.add(l)).intoArray(values, at);
  }
}
