package dev.slipstream.engine.evaluation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.slipstream.engine.cache.KvPool;
import dev.slipstream.engine.cache.KvSequence;
import dev.slipstream.engine.model.LanguageModel;
import dev.slipstream.engine.model.TinyModel;
import dev.slipstream.engine.runtime.Batch;
import dev.slipstream.engine.runtime.ComputePool;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Wrong figures would let users choose the worse model. */
class EvaluationTest {
  /** Longer than a batch, so that chunks take several passes. */
  private static final int CONTEXT = 160;

  private static final String TEXT = "It is what it is; 1 + 1 = 2, and so on.\n".repeat(40);

  @TempDir private Path folder;
  private ComputePool pool;
  private ComputePool modelPool;
  private LanguageModel model;
  private LanguageModel other;

  @BeforeEach
  void load() throws Exception {
    pool = new ComputePool(2);
    // Thousands of tiny passes: workers would only wait for each other.
    modelPool = new ComputePool(1);
    model = LanguageModel.load(TinyModel.write(folder.resolve("a.gguf"), 1, 512), modelPool);
    other = LanguageModel.load(TinyModel.write(folder.resolve("b.gguf"), 2, 512), modelPool);
  }

  @AfterEach
  void close() {
    model.close();
    other.close();
    modelPool.close();
    pool.close();
  }

  @Test
  void perplexityIsThatOfTheSecondHalvesTokenByToken() {
    EvaluationText text = EvaluationText.of(TEXT, model.tokenizer(), CONTEXT, 3);
    List<Double> running = new ArrayList<>();
    PerplexityStatistics result =
        new Evaluation(text, pool)
            .perplexity(model, soFar -> running.add(soFar.perplexity().value()));
    List<double[]> naive = naive(model, 3);
    double[] losses = naive.stream().mapToDouble(t -> t[0]).toArray();
    double mean = Arrays.stream(losses).average().orElseThrow();
    double spread = Arrays.stream(losses).map(l -> (l - mean) * (l - mean)).sum() / losses.length;
    assertThat(result.tokens()).isEqualTo(losses.length).isEqualTo(3 * (CONTEXT / 2 - 1));
    assertThat(result.perplexity().value()).isCloseTo(Math.exp(mean), within(1e-6));
    assertThat(result.perplexity().uncertainty())
        .isCloseTo(Math.exp(mean) * Math.sqrt(spread / (losses.length - 1)), within(1e-6));
    assertThat(running).hasSize(3).last().isEqualTo(result.perplexity().value());
  }

  @Test
  void divergenceIsTheSumOverAllTokensOfTheVocabulary() {
    EvaluationText text = EvaluationText.of(TEXT, model.tokenizer(), CONTEXT, 2);
    DivergenceStatistics result = new Evaluation(text, pool).divergence(model, other, s -> {});
    List<double[]> q = naive(model, 2);
    List<double[]> p = naive(other, 2);
    double[] divergences = new double[q.size()];
    double squares = 0;
    double same = 0;
    for (int i = 0; i < divergences.length; i++) {
      int top = 1;
      int otherTop = 1;
      for (int t = 1; t < q.get(i).length; t++) {
        divergences[i] += Math.exp(p.get(i)[t]) * (p.get(i)[t] - q.get(i)[t]);
        top = q.get(i)[t] > q.get(i)[top] ? t : top;
        otherTop = p.get(i)[t] > p.get(i)[otherTop] ? t : otherTop;
      }
      same += top == otherTop ? 1 : 0;
      squares += Math.pow(Math.exp(-q.get(i)[0]) - Math.exp(-p.get(i)[0]), 2);
    }
    assertThat(result.divergence().value())
        .isCloseTo(Arrays.stream(divergences).average().orElseThrow(), within(1e-9))
        .isGreaterThan(0.1);
    Arrays.sort(divergences);
    assertThat(result.divergenceAt(1)).isCloseTo(divergences[divergences.length - 1], within(1e-9));
    assertThat(result.divergenceAt(0)).isCloseTo(divergences[0], within(1e-9));
    assertThat(result.divergenceAt(0.99))
        .isBetween(divergences[divergences.length - 5], divergences[divergences.length - 1]);
    assertThat(result.sameTop().value()).isCloseTo(same / q.size(), within(1e-12));
    assertThat(result.rootMeanSquare().value())
        .isCloseTo(Math.sqrt(squares / q.size()), within(1e-9));
    assertThat(result.logRatio().value())
        .isCloseTo(
            Math.log(result.perplexity().value() / result.basePerplexity().value()), within(1e-9));
  }

  @Test
  void aModelDoesNotDivergeFromItself() throws Exception {
    try (LanguageModel same = LanguageModel.load(folder.resolve("a.gguf"), modelPool)) {
      EvaluationText text = EvaluationText.of(TEXT, model.tokenizer(), 64, 4);
      DivergenceStatistics result = new Evaluation(text, pool).divergence(model, same, s -> {});
      assertThat(result.divergence()).isEqualTo(new Estimate(0, 0));
      assertThat(result.sameTop()).isEqualTo(new Estimate(1, 0));
      assertThat(result.rootMeanSquare()).isEqualTo(new Estimate(0, 0));
      assertThat(result.difference().value()).isZero();
    }
  }

  @Test
  void aTextThatIsTooShortIsRefused() {
    assertThatThrownBy(() -> EvaluationText.of("short", model.tokenizer(), 64, 1))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContainingAll("128", "64");
  }

  /** For each predicted token: its loss, then all log-probabilities; computed one row at a time. */
  private List<double[]> naive(LanguageModel evaluated, int chunks) {
    int[] tokens = evaluated.tokenizer().encode(TEXT.stripTrailing(), true, false);
    List<double[]> predictions = new ArrayList<>();
    for (int c = 0; c < chunks; c++) {
      int[] chunk = Arrays.copyOfRange(tokens, c * CONTEXT, (c + 1) * CONTEXT);
      try (KvPool blocks = new KvPool(evaluated.kvLayout(), CONTEXT / 16 + 1);
          KvSequence sequence = blocks.newSequence()) {
        Batch batch = new Batch(1, 1);
        for (int i = 0; i < CONTEXT - 1; i++) {
          batch.clear();
          assertThat(sequence.reserve(1)).isTrue();
          batch.add(sequence, chunk[i], Batch.COMMITTED, true);
          float[] logits = evaluated.forward(batch).logits();
          sequence.commit(1);
          if (i >= CONTEXT / 2) {
            predictions.add(logProbabilities(logits, evaluated, chunk[i + 1]));
          }
        }
      }
    }
    return predictions;
  }

  private static double[] logProbabilities(float[] logits, LanguageModel evaluated, int expected) {
    int size = evaluated.config().vocabularySize();
    double[] result = new double[size + 1];
    double sum = 0;
    for (int i = 0; i < size; i++) {
      sum += Math.exp(logits[i]);
    }
    for (int i = 0; i < size; i++) {
      result[i + 1] = logits[i] - Math.log(sum);
    }
    result[0] = -result[expected + 1];
    return result;
  }
}
