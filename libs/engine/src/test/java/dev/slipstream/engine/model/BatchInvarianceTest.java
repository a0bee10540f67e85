package dev.slipstream.engine.model;

import static org.assertj.core.api.Assertions.assertThat;

import dev.slipstream.engine.cache.KvFormat;
import dev.slipstream.engine.cache.KvFormats;
import dev.slipstream.engine.cache.KvPool;
import dev.slipstream.engine.cache.KvSequence;
import dev.slipstream.engine.runtime.Batch;
import dev.slipstream.engine.runtime.ComputePool;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * A token's logits must have the same bits alone, in a chunk, beside strangers and on a branch of a
 * tree. If they do not, speculation and batching change answers.
 */
@Tag("slow")
@ParameterizedClass
@MethodSource("formats")
class BatchInvarianceTest {
  @Parameter KvFormat format;
  @TempDir Path folder;
  private final Random random = new Random(7);
  private ComputePool pool;
  private LanguageModel model;
  private KvPool memory;

  static List<KvFormat> formats() {
    return List.of(KvFormats.INTEGERS, KvFormats.FLOATS, KvFormats.TOY);
  }

  @BeforeEach
  void load() throws Exception {
    pool = new ComputePool(2);
    Path file = TinyModel.write(folder.resolve("tiny.gguf"), 1, 512);
    model = LanguageModel.load(file, format, pool);
    memory = new KvPool(model.kvLayout(), 400);
  }

  @AfterEach
  void close() {
    memory.close();
    model.close();
    pool.close();
  }

  @Test
  void chunksAndNeighboursDoNotChangeOneBit() {
    for (int round = 0; round < 10; round++) {
      List<int[]> texts = new ArrayList<>();
      List<float[][]> alone = new ArrayList<>();
      for (int i = 0; i < 5; i++) {
        int[] text = text(1 + random.nextInt(60));
        texts.add(text);
        alone.add(oneByOne(text));
      }
      together(texts, alone);
    }
  }

  /** Feeds all texts at once, each in chunks of random sizes. */
  private void together(List<int[]> texts, List<float[][]> expected) {
    Batch batch = new Batch(200, 200);
    List<KvSequence> sequences = texts.stream().map(t -> memory.newSequence()).toList();
    int[] done = new int[texts.size()];
    while (!finished(texts, done)) {
      batch.clear();
      int[] count = new int[texts.size()];
      for (int i = 0; i < texts.size(); i++) {
        count[i] = Math.min(texts.get(i).length - done[i], random.nextInt(40));
        assertThat(sequences.get(i).reserve(count[i])).isTrue();
        for (int k = 0; k < count[i]; k++) {
          int parent = k == 0 ? Batch.COMMITTED : batch.rows() - 1;
          batch.add(sequences.get(i), texts.get(i)[done[i] + k], parent, true);
        }
      }
      PassResult result = model.forward(batch);
      int row = 0;
      for (int i = 0; i < texts.size(); i++) {
        for (int k = 0; k < count[i]; k++, row++) {
          assertThat(logits(result, batch.logitRow(row))).isEqualTo(expected.get(i)[done[i] + k]);
        }
        sequences.get(i).commit(count[i]);
        done[i] += count[i];
      }
    }
    sequences.forEach(KvSequence::close);
  }

  @Test
  void aBranchOfATreeHasTheBitsOfPlainText() {
    for (int round = 0; round < 30; round++) {
      // Over long texts workers share the attention of a head.
      int[] prefix = text(round % 10 == 0 ? 140 : 1 + random.nextInt(40));
      KvSequence sequence = memory.newSequence();
      feed(sequence, prefix);
      Batch batch = new Batch(24, 24);
      List<List<Integer>> branches = new ArrayList<>();
      int nodes = 1 + random.nextInt(20);
      assertThat(sequence.reserve(nodes)).isTrue();
      for (int n = 0; n < nodes; n++) {
        int parent = n == 0 || random.nextInt(5) == 0 ? Batch.COMMITTED : random.nextInt(n);
        int token = random.nextInt(TinyModel.VOCABULARY);
        batch.add(sequence, token, parent, true);
        List<Integer> branch = new ArrayList<>(parent < 0 ? List.of() : branches.get(parent));
        branch.add(token);
        branches.add(branch);
      }
      PassResult result = model.forward(batch);
      float[][] actual = new float[nodes][];
      for (int n = 0; n < nodes; n++) {
        actual[n] = logits(result, n);
      }
      for (int n = 0; n < nodes; n++) {
        int[] text = concat(prefix, branches.get(n));
        assertThat(actual[n]).as("node %d", n).isEqualTo(oneByOne(text)[text.length - 1]);
      }
      goOnBehindABranch(sequence, batch, prefix, branches);
    }
  }

  /** Commits the deepest branch and checks that the text goes on as if it had been plain. */
  private void goOnBehindABranch(
      KvSequence sequence, Batch batch, int[] prefix, List<List<Integer>> branches) {
    int leaf = 0;
    for (int n = 0; n < branches.size(); n++) {
      leaf = branches.get(n).size() > branches.get(leaf).size() ? n : leaf;
    }
    int[] path = new int[branches.get(leaf).size()];
    int at = path.length;
    for (int n = leaf; n != Batch.COMMITTED; n = batch.parent(n)) {
      path[--at] = n;
    }
    int[] text = concat(prefix, branches.get(leaf));
    sequence.commitPath(path, path.length);
    sequence.trim();
    float[] next = feed(sequence, new int[] {42});
    sequence.close();
    assertThat(next).isEqualTo(oneByOne(concat(text, List.of(42)))[text.length]);
  }

  @Test
  void theNumberOfWorkersDoesNotChangeOneBit() throws Exception {
    int[] text = text(50);
    float[][] expected = oneByOne(text);
    for (int workers : new int[] {1, 3, 5}) {
      try (ComputePool other = new ComputePool(workers);
          LanguageModel same = LanguageModel.load(folder.resolve("tiny.gguf"), format, other);
          KvPool kv = new KvPool(same.kvLayout(), 8);
          KvSequence sequence = kv.newSequence()) {
        Batch batch = new Batch(50, 1);
        sequence.reserve(text.length);
        for (int i = 0; i < text.length; i++) {
          batch.add(sequence, text[i], i - 1, i + 1 == text.length);
        }
        assertThat(logits(same.forward(batch), 0)).isEqualTo(expected[text.length - 1]);
      }
    }
  }

  private float[][] oneByOne(int[] text) {
    KvSequence sequence = memory.newSequence();
    float[][] all = new float[text.length][];
    for (int i = 0; i < text.length; i++) {
      all[i] = feed(sequence, new int[] {text[i]});
    }
    sequence.close();
    return all;
  }

  /** Appends tokens as one chunk and returns the logits behind the last. */
  private float[] feed(KvSequence sequence, int[] tokens) {
    Batch batch = new Batch(tokens.length, 1);
    assertThat(sequence.reserve(tokens.length)).isTrue();
    for (int i = 0; i < tokens.length; i++) {
      batch.add(sequence, tokens[i], i - 1, i + 1 == tokens.length);
    }
    PassResult result = model.forward(batch);
    sequence.commit(tokens.length);
    return logits(result, 0);
  }

  private static float[] logits(PassResult result, int logitRow) {
    int at = result.logitsOffset(logitRow);
    return Arrays.copyOfRange(result.logits(), at, at + TinyModel.VOCABULARY);
  }

  private int[] text(int length) {
    return random.ints(length, 0, TinyModel.VOCABULARY).toArray();
  }

  private static boolean finished(List<int[]> texts, int[] done) {
    for (int i = 0; i < done.length; i++) {
      if (done[i] < texts.get(i).length) {
        return false;
      }
    }
    return true;
  }

  private static int[] concat(int[] head, List<Integer> tail) {
    int[] all = Arrays.copyOf(head, head.length + tail.size());
    for (int i = 0; i < tail.size(); i++) {
      all[head.length + i] = tail.get(i);
    }
    return all;
  }
}
