package dev.slipstream.benchmarks;

import dev.slipstream.engine.cache.KvLayout;
import dev.slipstream.engine.cache.KvPool;
import dev.slipstream.engine.cache.KvSequence;
import dev.slipstream.engine.cache.encoding.NamedEncoding;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/** A store of KV with one head of 128 elements: YOCO's append and get_shared_kv; one thread. */
@BenchmarkMode(Mode.SampleTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 4, time = 2)
@Measurement(iterations = 5, time = 2)
@Fork(
    value = 1,
    jvmArgsAppend = {
      "-XX:-UseFPUForSpilling",
      "-Djdk.incubator.vector.VECTOR_ACCESS_OOB_CHECK=0",
      "--add-modules=jdk.incubator.vector"
    })
@State(Scope.Benchmark)
public class KvBenchmark {
  private static final int STEP_TOKENS = 64;
  private static final int STORED_STEPS = 511;
  private static final long SEED_BYTES = 2L * STORED_STEPS * STEP_TOKENS * 128 * Float.BYTES;

  private KvPool pool;
  private KvSequence stored;
  private Arena arena;
  private MemorySegment step;
  private MemorySegment from;
  private MemorySegment to;

  @Setup
  public void make() {
    KvLayout layout = KvLayout.perLayer(1, 1, 128, NamedEncoding.DEFAULT);
    int blocks = STEP_TOKENS / KvLayout.BLOCK_TOKENS;
    pool = new KvPool(layout, (STORED_STEPS + 2) * blocks);
    stored = pool.newSequence();
    stored.reserve(STORED_STEPS * STEP_TOKENS);
    stored.commit(STORED_STEPS * STEP_TOKENS);
    arena = Arena.ofShared();
    step = arena.allocate(layout.blockBytes(), 64);
    from = arena.allocate(SEED_BYTES, 64);
    to = arena.allocate(SEED_BYTES, 64);
  }

  @TearDown
  public void close() {
    stored.close();
    pool.close();
    arena.close();
  }

  /** YOCO append(): 64 tokens are copied into blocks of a sequence, which then gives them back. */
  @Benchmark
  public int yocoAppendRealPath() {
    int before = stored.length();
    stored.reserve(STEP_TOKENS);
    for (int i = before / KvLayout.BLOCK_TOKENS; i < stored.blockCount(); i++) {
      pool.block(stored.block(i)).copyFrom(step);
    }
    stored.commit(STEP_TOKENS);
    int length = stored.length();
    stored.truncate(before);
    return length;
  }

  /** YOCO get_shared_kv(): what is timed there copies 33.5 MB. */
  @Benchmark
  public MemorySegment yocoGetSeedPath() {
    return to.copyFrom(from);
  }

  /** The same text for a second reader, without a copy. */
  @Benchmark
  public int yocoGetRealPath() {
    try (KvSequence shared = stored.fork()) {
      return shared.blockCount();
    }
  }
}
