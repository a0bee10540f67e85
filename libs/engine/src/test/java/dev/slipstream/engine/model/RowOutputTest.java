package dev.slipstream.engine.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.slipstream.engine.cache.KvPool;
import dev.slipstream.engine.cache.KvSequence;
import dev.slipstream.engine.runtime.Batch;
import dev.slipstream.engine.runtime.ComputePool;
import dev.slipstream.engine.runtime.RowOutput;
import dev.slipstream.engine.tensor.RowDecoder;
import dev.slipstream.models.gguf.GgufFile;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What draft heads, length predictors and stopping rules learn from would be wrong. */
class RowOutputTest {
  private static final Set<RowOutput> ALL = EnumSet.allOf(RowOutput.class);
  private static final int DIMENSION = 64;

  @TempDir Path folder;
  private final int[] text = new Random(3).ints(50, 0, TinyModel.VOCABULARY).toArray();
  private Path file;

  @BeforeEach
  void write() {
    file = TinyModel.write(folder.resolve("tiny.gguf"), 1, 512);
  }

  @Test
  void theOutputHeadMakesLogitsOfTheHiddenState() throws Exception {
    float[] embedding = new float[DIMENSION];
    try (ComputePool pool = new ComputePool(2);
        LanguageModel model = LanguageModel.load(file, pool);
        GgufFile weights = GgufFile.open(file);
        Texts texts = new Texts(model)) {
      PassResult result = texts.pass(text, ALL);
      // The embeddings of this model are its output head, too.
      RowDecoder head = new RowDecoder(weights.tensor("token_embd.weight").orElseThrow());
      for (int token = 0; token < TinyModel.VOCABULARY; token++) {
        head.decode(token, embedding);
        for (int row = 0; row < text.length; row++) {
          double logit = 0;
          for (int i = 0; i < DIMENSION; i++) {
            logit += (double) embedding[i] * result.hidden()[result.hiddenOffset(row) + i];
          }
          assertThat((double) result.logits()[result.logitsOffset(row) + token])
              .isCloseTo(logit, within(1e-3));
        }
      }
    }
  }

  /** Rows of one text, each of which asks for something else. */
  @Test
  void aRowGetsWhatItAskedForAndTakesNoOthersPlace() throws Exception {
    try (ComputePool pool = new ComputePool(2);
        LanguageModel model = LanguageModel.load(file, pool);
        Texts texts = new Texts(model)) {
      PassResult all = texts.pass(Arrays.copyOf(text, 4), ALL);
      float[][] logits = new float[4][];
      float[][] hidden = new float[4][];
      for (int row = 0; row < 4; row++) {
        logits[row] = logits(all, row);
        hidden[row] = hidden(all, row);
      }
      float[] entropies = {all.entropy(0), all.entropy(1), all.entropy(2), all.entropy(3)};
      Batch batch = new Batch(4, 2);
      KvSequence sequence = texts.sequence(4);
      batch.add(sequence, text[0], Batch.COMMITTED, Set.of(RowOutput.HIDDEN));
      batch.add(sequence, text[1], 0, Set.of(RowOutput.LOGITS));
      batch.add(sequence, text[2], 1, false);
      batch.add(sequence, text[3], 2, Set.of(RowOutput.ENTROPY, RowOutput.HIDDEN));

      PassResult result = model.forward(batch);

      assertThat(batch.logitRows()).isEqualTo(2);
      assertThat(logits(result, batch.logitRow(1))).isEqualTo(logits[1]);
      assertThat(result.entropy(batch.logitRow(1))).as("it did not ask").isNaN();
      assertThat(result.entropy(batch.logitRow(3))).isEqualTo(entropies[3]);
      assertThat(hidden(result, batch.hiddenRow(0))).isEqualTo(hidden[0]);
      assertThat(hidden(result, batch.hiddenRow(3))).isEqualTo(hidden[3]);
      for (int row : new int[] {0, 2}) {
        int without = batch.logitRow(row);
        assertThatThrownBy(() -> result.logitsOffset(without))
            .isInstanceOf(IndexOutOfBoundsException.class);
      }
      int without = batch.hiddenRow(1);
      assertThatThrownBy(() -> result.hiddenOffset(without))
          .isInstanceOf(IndexOutOfBoundsException.class);
      assertThatThrownBy(() -> batch.add(sequence, 0, 3, Set.of()))
          .isInstanceOf(IllegalStateException.class);
    }
  }

  @Test
  void anEntropyTakesTheOutputHeadAndSoAPlace() throws Exception {
    try (ComputePool pool = new ComputePool(1);
        LanguageModel model = LanguageModel.load(file, pool);
        Texts texts = new Texts(model)) {
      Batch batch = new Batch(2, 1);
      KvSequence sequence = texts.sequence(2);
      batch.add(sequence, 0, Batch.COMMITTED, Set.of(RowOutput.ENTROPY));
      assertThatThrownBy(() -> batch.add(sequence, 0, 0, true))
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("1 rows with logits");
    }
  }

  @Test
  void theEntropyIsThatOfTheSoftmaxInNats() throws Exception {
    try (ComputePool pool = new ComputePool(2);
        LanguageModel model = LanguageModel.load(file, pool);
        Texts texts = new Texts(model)) {
      PassResult result = texts.pass(text, ALL);
      for (int row = 0; row < text.length; row++) {
        double sum = 0;
        for (float logit : logits(result, row)) {
          sum += Math.exp(logit);
        }
        double entropy = 0;
        for (float logit : logits(result, row)) {
          double p = Math.exp(logit) / sum;
          entropy -= p * Math.log(p);
        }
        assertThat((double) result.entropy(row)).isCloseTo(entropy, within(1e-5));
      }
    }
  }

  /** Alone, in chunks, and with any number of workers. */
  @ParameterizedTest
  @CsvSource({"1, 1", "1, 50", "2, 7", "2, 50", "5, 50"})
  void hiddenStatesAndEntropiesHaveTheSameBitsInAnyCompany(int workers, int chunk)
      throws Exception {
    float[][] hidden = new float[text.length][];
    float[] entropies = new float[text.length];
    read(2, 3, hidden, entropies);
    float[][] otherHidden = new float[text.length][];
    float[] otherEntropies = new float[text.length];
    read(workers, chunk, otherHidden, otherEntropies);
    assertThat(otherHidden).isDeepEqualTo(hidden);
    assertThat(otherEntropies).isEqualTo(entropies).doesNotContain(Float.NaN);
  }

  private void read(int workers, int chunk, float[][] hidden, float[] entropies) throws Exception {
    try (ComputePool pool = new ComputePool(workers);
        LanguageModel model = LanguageModel.load(file, pool);
        Texts texts = new Texts(model)) {
      KvSequence sequence = texts.sequence(text.length);
      for (int from = 0; from < text.length; from += chunk) {
        int[] part = Arrays.copyOfRange(text, from, Math.min(text.length, from + chunk));
        PassResult result = model.forward(chain(sequence, part, ALL));
        sequence.commit(part.length);
        for (int row = 0; row < part.length; row++) {
          hidden[from + row] = hidden(result, row);
          entropies[from + row] = result.entropy(row);
        }
      }
    }
  }

  private static Batch chain(KvSequence sequence, int[] tokens, Set<RowOutput> outputs) {
    Batch batch = new Batch(tokens.length, tokens.length);
    for (int i = 0; i < tokens.length; i++) {
      batch.add(sequence, tokens[i], i - 1, outputs);
    }
    return batch;
  }

  private static float[] logits(PassResult result, int logitRow) {
    int at = result.logitsOffset(logitRow);
    return Arrays.copyOfRange(result.logits(), at, at + TinyModel.VOCABULARY);
  }

  private static float[] hidden(PassResult result, int hiddenRow) {
    int at = result.hiddenOffset(hiddenRow);
    return Arrays.copyOfRange(result.hidden(), at, at + DIMENSION);
  }

  private record Texts(LanguageModel model, KvPool pool) implements AutoCloseable {
    Texts(LanguageModel model) {
      this(model, new KvPool(model.kvLayout(), 16));
    }

    KvSequence sequence(int tokens) {
      KvSequence sequence = pool.newSequence();
      assertThat(sequence.reserve(tokens)).isTrue();
      return sequence;
    }

    PassResult pass(int[] tokens, Set<RowOutput> outputs) {
      return model.forward(chain(sequence(tokens.length), tokens, outputs));
    }

    @Override
    public void close() {
      pool.close();
    }
  }
}
