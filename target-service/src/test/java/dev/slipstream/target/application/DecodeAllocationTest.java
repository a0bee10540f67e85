package dev.slipstream.target.application;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.sun.management.ThreadMXBean;
import dev.slipstream.engine.model.ForwardPass;
import dev.slipstream.engine.model.LanguageModel;
import dev.slipstream.engine.model.PassResult;
import dev.slipstream.engine.runtime.Batch;
import dev.slipstream.engine.runtime.ComputePool;
import dev.slipstream.engine.sampling.SamplingParams;
import dev.slipstream.engine.sampling.TokenHistory;
import dev.slipstream.engine.sampling.TokenSampler;
import dev.slipstream.models.catalog.CatalogSettings;
import dev.slipstream.models.catalog.ModelResolver;
import dev.slipstream.models.catalog.ProgressListener;
import dev.slipstream.models.catalog.ResolvedModel;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.lang.management.ManagementFactory;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.function.DoubleSupplier;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * What the loop's thread allocates for a token. It is what fills the heap while answers are
 * written, and so how often all of them pause for the collector.
 */
@Tag("model")
@Tag("slow")
@Timeout(600)
class DecodeAllocationTest {
  private static final long LIMIT = 1024;

  /** Passes that are counted together: three blocks of the KV cache are filled in them. */
  private static final int WINDOW = 48;

  /**
   * So many counts at most until one is low enough: what runs before the compiler has got to it
   * allocates more, and nobody knows how long that takes on a busy machine.
   */
  private static final int WINDOWS = 40;

  private static final int ROUNDS = 6;

  /** Until they are compiled, the sampler's vectors are objects on the heap. */
  @BeforeAll
  static void compileTheSampler() {
    TokenSampler sampler = new TokenSampler(SamplingParams.greedy(), ToyModel.VOCABULARY);
    TokenHistory history = new TokenHistory(new int[] {1}, 1);
    float[] logits = new float[ToyModel.VOCABULARY];
    for (int i = 0; i < 100_000; i++) {
      logits[i % logits.length] = i;
      assertThat(sampler.sample(logits, 0, history)).isEqualTo(i % logits.length);
    }
  }

  @ParameterizedTest(name = "{0} sequences")
  @ValueSource(ints = {1, 8})
  void theLoopOfAToyModelAllocatesLittlePerToken(int sequences) {
    // The toy itself is wasteful, and not what this is about.
    ServedModel served = new ToyModel(20).served();
    assertThat(
            leastOfRounds(
                () -> {
                  Meter meter = new Meter(new ToyModel(20), sequences, false);
                  return bytesPerToken(served, meter, sequences);
                }))
        .isLessThan(LIMIT);
  }

  @ParameterizedTest(name = "{0} sequences")
  @ValueSource(ints = {1, 8})
  void soDoesThatOfTheDefaultModelWithItsForwardPass(int sequences) throws Exception {
    ModelResolver models = new ModelResolver(CatalogSettings.of(System.getenv()));
    String id = models.catalog().defaultId();
    assumeTrue(
        models.isCached(models.catalog().find(id).orElseThrow()),
        "skipped: the default model is not in the cache; run 'slipstream pull'");
    ResolvedModel file = models.resolve(id, ProgressListener.SILENT);
    try (ComputePool pool = new ComputePool(Runtime.getRuntime().availableProcessors());
        LanguageModel model = LanguageModel.load(file.file(), pool)) {
      assertThat(
              leastOfRounds(
                  () -> {
                    Meter meter = new Meter(model, sequences, true);
                    return bytesPerToken(served(id, file, model, meter), meter, sequences);
                  }))
          .isLessThan(LIMIT);
    }
  }

  private static ServedModel served(
      String id, ResolvedModel file, LanguageModel model, Meter meter) {
    return new ServedModel(
        id,
        new ServedModel.Weights(model.config().architecture(), "", file.sha256()),
        new ServedModel.Tokens(
            model.tokenizer().digest(), model.config().vocabularySize(), Set.of()),
        model.config().contextLength(),
        model.kvLayout(),
        meter);
  }

  /** More answers, if one was over before the compiler had caught up. */
  private static double leastOfRounds(DoubleSupplier round) {
    double least = round.getAsDouble();
    for (int i = 1; i < ROUNDS && least >= LIMIT; i++) {
      least = Math.min(least, round.getAsDouble());
    }
    return least;
  }

  private static double bytesPerToken(ServedModel model, Meter meter, int sequences) {
    ServedModel metered = model.withPass(meter);
    LoopSettings settings = new LoopSettings(128 * sequences, 2048, 256, 64, 8, 8, 8, 16);
    var cost = DecodeLoopFixture.CHEAP;
    var metrics = new DecodeMetrics(new SimpleMeterRegistry(), metered, cost);
    try (DecodeLoop loop =
        new DecodeLoop(
            metered,
            settings,
            SharedPrefixes.NONE,
            new AssumedCosts(cost),
            Techniques.NONE,
            metrics)) {
      for (int i = 0; i < sequences; i++) {
        loop.submit(task(i), new Silent(meter.failure));
      }
      CompletableFuture.anyOf(meter.result, meter.failure).join();
    }
    return meter.result.join() / (double) (WINDOW * sequences);
  }

  private static DecodeTask task(int salt) {
    int[] prompt = IntStream.range(0, 20).map(i -> 10 + 7 * i + 31 * salt).toArray();
    return new DecodeTask(
        new TaskOwner("", ""),
        prompt,
        0,
        SamplingParams.greedy(),
        DecodeTask.NO_RULE,
        new DecodeTask.Ending(2000, true, Set.of()),
        DecodeTask.NO_LOGPROBS,
        new DecodeTask.Speculation(false, 0, "", ""));
  }

  /** Hears of tokens, and does nothing with them that would count. */
  private record Silent(CompletableFuture<Long> failure) implements DecodeListener {
    @Override
    public void started(int cachedTokens, int remoteCachedTokens) {}

    @Override
    public void committed(CommittedTokens tokens) {}

    @Override
    public void finished(Outcome outcome) {}

    @Override
    public void failed(DecodeFailure reason) {
      failure.completeExceptionally(new AssertionError(reason.message()));
    }
  }

  /** Counts what the thread allocates between passes, or with them, once all sequences decode. */
  private static final class Meter implements ForwardPass {
    private final ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    private final ForwardPass pass;
    private final int sequences;
    private final boolean withPass;
    private int passes;
    private long counted;
    private long least = Long.MAX_VALUE;
    private long last;
    final CompletableFuture<Long> result = new CompletableFuture<>();
    final CompletableFuture<Long> failure = new CompletableFuture<>();

    Meter(ForwardPass pass, int sequences, boolean withPass) {
      this.pass = pass;
      this.sequences = sequences;
      this.withPass = withPass;
    }

    @Override
    public PassResult forward(Batch batch) {
      long now = threads.getCurrentThreadAllocatedBytes();
      if (batch.rows() == sequences && passes++ > 0) {
        counted += now - last;
        if (passes % WINDOW == 0) {
          least = Math.min(least, counted);
          counted = 0;
          if (least < LIMIT * WINDOW * sequences || passes == WINDOWS * WINDOW) {
            result.complete(least);
          }
        }
      }
      last = threads.getCurrentThreadAllocatedBytes();
      PassResult result = pass.forward(batch);
      if (!withPass) {
        last = threads.getCurrentThreadAllocatedBytes();
      }
      return result;
    }
  }
}
