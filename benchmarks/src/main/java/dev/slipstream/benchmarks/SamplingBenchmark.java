package dev.slipstream.benchmarks;

import dev.slipstream.engine.sampling.SamplingParams;
import dev.slipstream.engine.sampling.SamplingParams.Cutoffs;
import dev.slipstream.engine.sampling.SamplingParams.Penalties;
import dev.slipstream.engine.sampling.TokenDistribution;
import dev.slipstream.engine.sampling.TokenHistory;
import dev.slipstream.engine.sampling.TokenSampler;
import dev.slipstream.engine.speculation.DraftDistribution;
import dev.slipstream.engine.speculation.DraftTree;
import dev.slipstream.engine.speculation.DraftTreeBuilder;
import dev.slipstream.engine.speculation.NodeOrigin;
import dev.slipstream.engine.speculation.TreeVerifier;
import dev.slipstream.engine.speculation.Verdict;
import java.util.Map;
import java.util.Random;
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
import org.openjdk.jmh.annotations.Warmup;

/** From logits to tokens: one thread. */
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
public class SamplingBenchmark {
  private static final int SEED_VOCABULARY = 32_000;
  private static final int REAL_VOCABULARY = 49_152;
  private static final int SCORES = 4096;
  private static final int KEPT = 204;
  private static final int CHAIN = 4;
  private static final int DRAFT_SUPPORT = 32;

  private final float[] flat = new float[SEED_VOCABULARY];
  private final float[] probabilities = new float[SEED_VOCABULARY];
  private final float[] scores = new float[SCORES];
  private final float[] chainLogits = new float[(CHAIN + 1) * REAL_VOCABULARY];
  private final TokenSampler seedSampler =
      new TokenSampler(SamplingParams.plain(1), SEED_VOCABULARY);
  private final TokenSampler realSampler =
      new TokenSampler(SamplingParams.plain(1), REAL_VOCABULARY);
  private final TokenSampler topK =
      new TokenSampler(
          new SamplingParams(1, new Cutoffs(KEPT, 1, 0), Penalties.NONE, Map.of(), 1), SCORES);
  private DraftTree chain;
  private int length;

  @Setup
  public void make() {
    Random random = new Random(1);
    double total = 0;
    for (int i = 0; i < SEED_VOCABULARY; i++) {
      flat[i] = (float) random.nextGaussian();
      probabilities[i] = (float) -Math.log(1 - random.nextDouble());
      total += probabilities[i];
    }
    for (int i = 0; i < SEED_VOCABULARY; i++) {
      probabilities[i] /= (float) total;
    }
    for (int i = 0; i < SCORES; i++) {
      scores[i] = random.nextFloat();
    }
    for (int i = 0; i < chainLogits.length; i++) {
      chainLogits[i] = (float) (3 * random.nextGaussian());
    }
    chain = chain(random);
  }

  /** Tokens drawn from a q over 32 of the vocabulary, likely ones of the target among them. */
  private DraftTree chain(Random random) {
    DraftTreeBuilder builder = DraftTree.builder(REAL_VOCABULARY, CHAIN);
    for (int node = 0; node < CHAIN; node++) {
      int[] tokens = new int[DRAFT_SUPPORT];
      float[] q = new float[DRAFT_SUPPORT];
      for (int i = 0; i < DRAFT_SUPPORT; i++) {
        tokens[i] = i * (REAL_VOCABULARY / DRAFT_SUPPORT) + random.nextInt(1000);
        q[i] = 1f / DRAFT_SUPPORT;
        chainLogits[node * REAL_VOCABULARY + tokens[i]] = 14;
      }
      int drawn = tokens[random.nextInt(DRAFT_SUPPORT)];
      builder.add(drawn, node - 1, NodeOrigin.drawn(DraftDistribution.of(tokens, q)));
    }
    return builder.build();
  }

  /** ConfSpec verify_step(): its softmax over 32,000 logits, the largest probability of them. */
  @Benchmark
  public double confspecSoftmax() {
    TokenDistribution p = seedSampler.distribution(flat, 0, history());
    double most = 0;
    for (int i = 0; i < p.size(); i++) {
      most = Math.max(most, p.probability(i));
    }
    return most;
  }

  /** Dovetail verify_one(): probabilities taken for logits, one draw from their softmax. */
  @Benchmark
  public int dovetailSeedPath() {
    return seedSampler.sample(probabilities, 0, history());
  }

  /** The exact rule on a chain of four drawn tokens, with the draw from the residual. */
  @Benchmark
  public Verdict dovetailRealPath() {
    return TreeVerifier.verify(
        chain, chainLogits, node -> (node + 1) * REAL_VOCABULARY, realSampler, history());
  }

  /** SparseSpec top_k_indices(): the best 204 of 4,096; here with their softmax. */
  @Benchmark
  public TokenDistribution sparsespecTopK() {
    return topK.distribution(scores, 0, history());
  }

  /** Another position each time, so that draws differ. */
  private TokenHistory history() {
    length = length % 64 + 1;
    return new TokenHistory(new int[length], length);
  }
}
