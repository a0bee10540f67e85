package dev.slipstream.benchmarks;

import dev.slipstream.engine.attention.Attention;
import dev.slipstream.engine.attention.AttentionPlan;
import dev.slipstream.engine.attention.AttentionWorker;
import dev.slipstream.engine.cache.KvLayout;
import dev.slipstream.engine.cache.KvPool;
import dev.slipstream.engine.cache.KvSequence;
import dev.slipstream.engine.cache.encoding.NamedEncoding;
import dev.slipstream.engine.runtime.Batch;
import dev.slipstream.engine.runtime.ComputePool;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/** Attention of one layer as SmolLM2-135M has it, for each encoding of the cache; one thread. */
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
public class AttentionBenchmark {
  private static final int QUERY_HEADS = 9;
  private static final int KV_HEADS = 3;
  private static final int DIMENSION = 64;
  private static final int WIDTH = QUERY_HEADS * DIMENSION;

  @Param({"I16", "F32"})
  private NamedEncoding encoding;

  /** Tokens before the rows. */
  @Param({"1024"})
  private int context;

  /** Neighbouring tokens of one text: 1 in decoding, some in a verification. */
  @Param({"1", "5"})
  private int rows;

  private ComputePool workers;
  private KvPool pool;
  private AttentionPlan plan;
  private AttentionWorker worker;
  private Batch batch;
  private float[] queries;
  private float[] attended;

  @Setup
  public void fill() {
    KvLayout layout =
        KvLayout.perLayer(1, KV_HEADS, DIMENSION, NamedEncoding.format(encoding, encoding));
    Attention attention = new Attention(layout, QUERY_HEADS);
    Random random = new Random(1);
    workers = new ComputePool(1);
    pool = new KvPool(layout, (context + rows) / KvLayout.BLOCK_TOKENS + 1);
    KvSequence sequence = pool.newSequence();
    for (int i = 0; i < context; i++) {
      store(attention, sequence, new Batch(1, 0), random);
      sequence.commit(1);
    }
    batch = new Batch(rows, 0);
    for (int i = 0; i < rows; i++) {
      store(attention, sequence, batch, random);
    }
    plan = attention.plan(KV_HEADS, 0.125f, Integer.MAX_VALUE, 1);
    worker = attention.worker();
    queries = gaussians(random, rows * WIDTH);
    attended = new float[rows * WIDTH];
  }

  /** One more row of a batch, and its keys and values. */
  private static void store(Attention attention, KvSequence sequence, Batch batch, Random random) {
    sequence.reserve(batch.rows() + 1);
    int row = batch.add(sequence, 0, batch.rows() - 1, false);
    for (int head = 0; head < KV_HEADS; head++) {
      float[] keys = gaussians(random, DIMENSION);
      attention.store(batch, row, 0, head, keys, 0, gaussians(random, DIMENSION), 0);
    }
  }

  private static float[] gaussians(Random random, int count) {
    float[] values = new float[count];
    for (int i = 0; i < count; i++) {
      values[i] = (float) random.nextGaussian();
    }
    return values;
  }

  @TearDown
  public void close() {
    pool.close();
    workers.close();
  }

  @Benchmark
  public float[] attend() {
    plan.divide(batch);
    workers.run(w -> worker.attend(plan, 0, queries, WIDTH, attended, WIDTH, w));
    return attended;
  }
}
