package dev.slipstream.benchmarks.promptlookup;

import dev.slipstream.drafting.DraftBudget;
import dev.slipstream.drafting.DraftContext;
import dev.slipstream.drafting.DraftSession;
import dev.slipstream.drafting.Drafter;
import dev.slipstream.drafting.Progress;
import dev.slipstream.drafting.TargetFeatures;
import dev.slipstream.drafting.promptlookup.PromptLookupConfig;
import dev.slipstream.drafting.promptlookup.PromptLookupDrafter;
import dev.slipstream.engine.sampling.SamplingParams;
import java.util.Arrays;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/** What a draft costs that is copied from the text, for a text of phrases that come again. */
@BenchmarkMode(Mode.SingleShotTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 50)
@Measurement(iterations = 50)
@Fork(
    value = 1,
    jvmArgsAppend = {
      "-XX:-UseFPUForSpilling",
      "-Djdk.incubator.vector.VECTOR_ACCESS_OOB_CHECK=0",
      "--add-modules=jdk.incubator.vector"
    })
@State(Scope.Benchmark)
public class PromptLookupBenchmark {
  private static final int VOCABULARY = 49_152;
  private static final int PHRASES = 64;
  private static final int PHRASE_TOKENS = 12;
  private static final int ANSWER_TOKENS = 256;
  private static final int NODES = 32;

  @Param({"512", "8192"})
  private int promptTokens;

  private final Drafter drafter = new PromptLookupDrafter(PromptLookupConfig.DEFAULT);
  private final DraftContext context =
      new DraftContext(SamplingParams.greedy(), "", TargetFeatures.NONE);
  private int[] prompt;
  private int[] answer;
  private DraftSession session;

  @Setup(Level.Iteration)
  public void make() {
    Random random = new Random(1);
    int[][] phrases = new int[PHRASES][];
    Arrays.setAll(phrases, i -> random.ints(PHRASE_TOKENS, 0, VOCABULARY).toArray());
    int[] text = new int[promptTokens + ANSWER_TOKENS];
    for (int from = 0; from < text.length; from += PHRASE_TOKENS) {
      int[] phrase = phrases[random.nextInt(PHRASES)];
      System.arraycopy(phrase, 0, text, from, Math.min(PHRASE_TOKENS, text.length - from));
    }
    prompt = Arrays.copyOf(text, promptTokens);
    answer = Arrays.copyOfRange(text, promptTokens, text.length);
    session = drafter.open(context);
    session.observe(Progress.of(prompt));
  }

  @TearDown(Level.Iteration)
  public void close() {
    session.close();
  }

  /** The prompt arrives. */
  @Benchmark
  public DraftSession index() {
    DraftSession other = drafter.open(context);
    other.observe(Progress.of(prompt));
    return other;
  }

  /** An answer of 256 tokens, with a chance to propose after each. */
  @Benchmark
  public int answer() {
    int proposed = 0;
    for (int token : answer) {
      session.observe(Progress.of(token));
      proposed += session.propose(new DraftBudget(NODES)).isPresent() ? 1 : 0;
    }
    return proposed;
  }
}
