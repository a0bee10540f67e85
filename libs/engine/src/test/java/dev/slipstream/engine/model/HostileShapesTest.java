package dev.slipstream.engine.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import dev.slipstream.engine.cache.KvPool;
import dev.slipstream.engine.cache.KvSequence;
import dev.slipstream.engine.runtime.Batch;
import dev.slipstream.engine.runtime.ComputePool;
import dev.slipstream.models.gguf.GgmlType;
import dev.slipstream.models.gguf.GgufWriter;
import dev.slipstream.models.gguf.ModelFormatException;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Numbers of a model file that are made into sizes. Kernels read and write by address: a size that
 * wraps lets one file overwrite the memory of the process that serves everybody.
 */
@Tag("slow")
class HostileShapesTest {
  private static final long SEED = 5;
  private static final int CONTEXT = 128;
  private static final int MOST = Integer.MAX_VALUE;
  private static final List<Float> NO_NUMBERS =
      List.of(Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY, -1f);

  @TempDir Path folder;
  private final ComputePool pool = new ComputePool(1);

  @AfterEach
  void close() {
    pool.close();
  }

  static Stream<Arguments> impossibleSizes() {
    return Stream.of(
        arguments("block_count", List.of(0, -1, 1 << 20, MOST)),
        arguments("context_length", List.of(0, -1, (1 << 24) + 1, MOST)),
        arguments("embedding_length", List.of(0, -1, (1 << 16) + 32, 1 << 24, MOST)),
        arguments("feed_forward_length", List.of(0, -1, (1 << 17) + 32, 1 << 24, MOST)),
        arguments("attention.head_count", List.of(0, -1, 5000, 1 << 24, MOST)),
        arguments("attention.head_count_kv", List.of(0, -1, 3, 8, MOST)),
        arguments("attention.key_length", List.of(0, -1, 15, 2000, 1 << 24, MOST)),
        arguments("attention.value_length", List.of(0, 8, 1 << 24, MOST)),
        arguments("rope.dimension_count", List.of(0, -1, 3, 18, 1 << 24, MOST)),
        arguments("rope.scaling.original_context_length", List.of(0, -1, MOST)));
  }

  @ParameterizedTest
  @MethodSource("impossibleSizes")
  void aSizeThatNoModelHasIsRefusedByItsKey(String key, List<Integer> values) {
    for (int value : values) {
      Map<String, Object> metadata = metadata();
      metadata.put("llama.rope.scaling.type", "yarn");
      metadata.put("llama." + key, value);
      assertRefused(TinyModel.writer(SEED, metadata), key);
    }
  }

  static Stream<String> realNumbers() {
    return Stream.of(
        "attention.layer_norm_rms_epsilon",
        "attention.scale",
        "rope.freq_base",
        "rope.scaling.factor",
        "rope.scaling.yarn_ext_factor",
        "rope.scaling.yarn_attn_factor",
        "rope.scaling.yarn_beta_fast",
        "rope.scaling.yarn_beta_slow");
  }

  /** They would make every answer NaN, or every position the same. */
  @ParameterizedTest
  @MethodSource("realNumbers")
  void whatIsNoNumberIsRefusedByItsKey(String key) {
    for (float value : NO_NUMBERS) {
      Map<String, Object> metadata = metadata();
      metadata.put("llama.rope.scaling.type", "yarn");
      metadata.put("llama." + key, value);
      assertRefused(TinyModel.writer(SEED, metadata), key);
    }
    if (key.contains("freq_base") || key.contains("beta")) {
      Map<String, Object> metadata = metadata();
      metadata.put("llama.rope.scaling.type", "yarn");
      metadata.put("llama." + key, 0f);
      assertRefused(TinyModel.writer(SEED, metadata), key);
    }
  }

  /** Its inverse would be infinite, and so would all logits. */
  @Test
  void scalesThatAreNoScalesAreRefused() {
    for (float value : new float[] {1e-45f, 1e-30f, -1, 1e30f, Float.NaN}) {
      for (String key : List.of("embedding_scale", "residual_scale", "logit_scale")) {
        Map<String, Object> metadata = new LinkedHashMap<>();
        metadata()
            .forEach((name, known) -> metadata.put(name.replace("llama.", "granite."), known));
        metadata.put("general.architecture", "granite");
        metadata.put("granite." + key, value);
        assertRefused(TinyModel.writer(SEED, metadata), key);
      }
    }
  }

  /** 15486635 x 832 = 64 + 3 x 2^32, just what the tensors have. */
  @Test
  void headsWhoseProductWrapsToTheRightNumberAreRefused() {
    Map<String, Object> metadata = metadata();
    metadata.remove("llama.attention.head_count_kv");
    metadata.put("llama.attention.head_count", 15_486_635);
    metadata.put("llama.attention.key_length", 832);
    metadata.put("llama.attention.value_length", 832);
    GgufWriter writer = TinyModel.writer(SEED, metadata);
    for (int layer = 0; layer < 2; layer++) {
      for (String name : List.of("attn_k", "attn_v")) {
        String tensor = "blk." + layer + "." + name + ".weight";
        writer.remove(tensor).tensor(tensor, new float[64 * 64], 64, 64);
      }
    }
    assertRefused(writer, "attention.head_count", "15486635");
  }

  @Test
  void headsThatAreTooManyTogetherAreRefused() {
    Map<String, Object> metadata = metadata();
    metadata.put("llama.attention.head_count", 4096);
    metadata.put("llama.attention.key_length", 1024);
    metadata.put("llama.attention.value_length", 1024);
    assertRefused(TinyModel.writer(SEED, metadata), "head_count", "key_length", "4194304");
  }

  /** 4.3 GB for 16 tokens: what an int makes of that is a small block that is overrun. */
  @Test
  void aKvBlockThatNoArrayHoldsIsRefused() {
    Map<String, Object> metadata = metadata();
    metadata.put("llama.block_count", 1024);
    metadata.put("llama.attention.head_count", 64);
    metadata.put("llama.attention.head_count_kv", 64);
    metadata.put("llama.attention.key_length", 1024);
    metadata.put("llama.attention.value_length", 1024);
    assertRefused(TinyModel.writer(SEED, metadata), "block_count", "head_count_kv", "key_length");
  }

  /** The logits of 2^26 + 1 rows do not fit the array that an int says they need. */
  @Test
  void anEmbeddingThatIsNotTheVocabularyIsRefused() throws IOException {
    for (long rows : new long[] {1, 319, 321, (1L << 26) + 1, 1L << 31, 1L << 32, 1L << 36}) {
      Path file = folder.resolve("sparse.gguf");
      writeSparse(file, giant("token_embd.weight", 64, rows));
      assertRefused(file, "token_embd.weight");
    }
  }

  @Test
  void anOutputHeadThatIsNotTheVocabularyIsRefused() throws IOException {
    for (long rows : new long[] {1, 319, 321, (1L << 26) + 1, 1L << 32}) {
      GgufWriter writer = writer().tensor("output.weight", GgmlType.F32, new byte[256], 64, rows);
      Path file = folder.resolve("sparse.gguf");
      writeSparse(file, writer.stateOffset("output.weight", 1 << 20));
      assertRefused(file, "output.weight", Long.toString(rows));
    }
  }

  @Test
  void matricesOfOtherShapesAreRefused() throws IOException {
    for (String name : List.of("attn_q", "attn_output", "ffn_up", "ffn_down", "attn_norm")) {
      String tensor = "blk.1." + name + ".weight";
      for (long rows : new long[] {1L << 26, 1L << 32, 65}) {
        Path file = folder.resolve("sparse.gguf");
        writeSparse(file, giant(tensor, 64, rows));
        assertRefused(file, tensor);
        writeSparse(file, giant(tensor, rows, 64));
        assertRefused(file, tensor);
      }
    }
  }

  /** Sizes that all fit each other, and a file of 48 GB that takes a megabyte of disk. */
  @Test
  void weightsBeyondTheMemoryOfAnyMachineHereAreRefusedBeforeTheyArePacked() throws IOException {
    Map<String, Object> metadata = metadata();
    metadata.put("llama.feed_forward_length", 1 << 17);
    metadata.put("llama.embedding_length", 1 << 16);
    metadata.put("llama.attention.head_count", 64);
    metadata.put("llama.attention.head_count_kv", 64);
    GgufWriter writer = TinyModel.writer(SEED, metadata);
    long hidden = 1 << 17;
    long width = 1 << 16;
    long offset = 1 << 20;
    writer.stateShape("token_embd.weight", width, TinyModel.VOCABULARY);
    writer.stateOffset("token_embd.weight", offset);
    offset += 4 * width * TinyModel.VOCABULARY;
    for (String name :
        List.of(
            "output_norm",
            "blk.0.attn_norm",
            "blk.0.ffn_norm",
            "blk.1.attn_norm",
            "blk.1.ffn_norm")) {
      writer.stateShape(name + ".weight", width).stateOffset(name + ".weight", offset);
      offset += 4 * width;
    }
    for (int layer = 0; layer < 2; layer++) {
      for (String name : List.of("attn_q", "attn_k", "attn_v", "attn_output")) {
        String tensor = "blk." + layer + "." + name + ".weight";
        writer.stateShape(tensor, width, width).stateOffset(tensor, offset);
        offset += 4 * width * width;
      }
      for (String name : List.of("ffn_gate", "ffn_up", "ffn_down")) {
        String tensor = "blk." + layer + "." + name + ".weight";
        boolean down = name.equals("ffn_down");
        writer.stateShape(tensor, down ? hidden : width, down ? width : hidden);
        writer.stateOffset(tensor, offset);
        offset += 4 * width * hidden;
      }
    }
    Path file = folder.resolve("sparse.gguf");
    writeSparse(file, writer, offset + (2 << 20));
    assertRefused(file, "memory", "GB");
  }

  @Test
  void ropeFactorsThatAreNoNumbersAreRefused() {
    for (float bad : new float[] {0, -1, Float.NaN, Float.POSITIVE_INFINITY}) {
      float[] factors = {1, 2, bad, 1, 1, 1, 1, 1};
      assertRefused(writer().tensor("rope_freqs.weight", factors, 8), "rope_freqs.weight", "2");
    }
    assertRefused(writer().tensor("rope_freqs.weight", new float[9], 9), "rope_freqs.weight");
    assertRefused(writer().tensor("rope_freqs.weight", new float[1], 1), "rope_freqs.weight");
  }

  @Test
  void rolesOfTokensThatTheVocabularyLacksAreRefused() {
    for (String role : List.of("unknown_token_id", "eot_token_id", "eom_token_id")) {
      for (int id : new int[] {TinyModel.VOCABULARY, 1 << 26, MOST, -1}) {
        Map<String, Object> metadata = metadata();
        metadata.put("tokenizer.ggml." + role, id);
        assertRefused(TinyModel.writer(SEED, metadata), role);
      }
    }
  }

  /**
   * Every number that is used for a size or an angle, with values of every kind, some at a time.
   */
  @Test
  void numbersOfAnyKindGiveARefusalThatNamesOneOrAModelThatRuns() throws IOException {
    List<String> keys =
        Stream.concat(
                impossibleSizes().map(a -> (String) a.get()[0]),
                Stream.concat(realNumbers(), Stream.of("expert_count", "rope.scale_linear")))
            .toList();
    List<Object> values =
        List.of(
            0,
            1,
            2,
            3,
            4,
            8,
            16,
            32,
            64,
            96,
            128,
            320,
            1000,
            4096,
            65_536,
            1 << 17,
            1 << 24,
            1 << 26,
            1 << 30,
            MOST,
            -1,
            0f,
            1f,
            2f,
            1e-45f,
            1e-5f,
            1e4f,
            3e38f,
            Float.NaN,
            Float.POSITIVE_INFINITY,
            -2f,
            "text",
            true,
            new int[] {2, 2});
    Random random = new Random(17);
    int ran = 0;
    for (int i = 0; i < 400; i++) {
      Map<String, Object> metadata = metadata();
      if (random.nextBoolean()) {
        metadata.put("llama.rope.scaling.type", random.nextBoolean() ? "yarn" : "linear");
      }
      for (int changes = 1 + random.nextInt(3); changes > 0; changes--) {
        String key = keys.get(random.nextInt(keys.size()));
        metadata.put("llama." + key, values.get(random.nextInt(values.size())));
      }
      Path file = Files.write(folder.resolve("f.gguf"), TinyModel.writer(SEED, metadata).bytes());
      try {
        run(file);
        ran++;
      } catch (ModelFormatException e) {
        assertThat(e.getMessage()).as("%s", metadata).containsPattern("llama\\.|tensor '");
      }
    }
    assertThat(ran).isGreaterThan(15);
  }

  @Test
  void whatModelsReallyHaveIsTaken() {
    Map<String, Object> metadata = metadata();
    metadata.put("llama.context_length", 1 << 24);
    metadata.put("llama.rope.freq_base", 5e8f);
    metadata.put("llama.rope.scaling.type", "yarn");
    metadata.put("llama.rope.scaling.factor", 128f);
    metadata.put("llama.rope.scaling.yarn_ext_factor", 0f);
    metadata.put("llama.attention.scale", 0.015625f);
    float[] factors = {1, 1, 1.5f, 8, 32, 64, 1e3f, 1e30f};
    GgufWriter writer = TinyModel.writer(SEED, metadata).tensor("rope_freqs.weight", factors, 8);
    assertThatCode(() -> run(write(writer))).doesNotThrowAnyException();
  }

  private static Map<String, Object> metadata() {
    return TinyModel.metadata(SEED, CONTEXT);
  }

  private static GgufWriter writer() {
    return TinyModel.writer(SEED, metadata());
  }

  /** A tensor whose data are mostly a hole behind all others. */
  private static GgufWriter giant(String tensor, long columns, long rows) {
    return writer().stateShape(tensor, columns, rows).stateOffset(tensor, 1 << 20);
  }

  private static void writeSparse(Path path, GgufWriter writer) throws IOException {
    writeSparse(path, writer, 4 * 64 * (1L << 32) + (4 << 20));
  }

  private static void writeSparse(Path path, GgufWriter writer, long size) throws IOException {
    try (RandomAccessFile file = new RandomAccessFile(path.toFile(), "rw")) {
      file.setLength(0);
      file.write(writer.bytes());
      file.setLength(size);
    }
  }

  private Path write(GgufWriter writer) {
    try {
      return Files.write(folder.resolve("model.gguf"), writer.bytes());
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  private void assertRefused(GgufWriter writer, String... parts) {
    assertRefused(write(writer), parts);
  }

  private void assertRefused(Path file, String... parts) {
    assertThatThrownBy(() -> run(file))
        .isInstanceOf(ModelFormatException.class)
        .hasMessageContainingAll(parts);
  }

  private void run(Path file) throws IOException {
    try (LanguageModel model = LanguageModel.load(file, pool);
        KvPool memory = new KvPool(model.kvLayout(), 1);
        KvSequence sequence = memory.newSequence()) {
      Batch batch = new Batch(2, 2);
      sequence.reserve(2);
      batch.add(sequence, 0, Batch.COMMITTED, true);
      batch.add(sequence, model.config().vocabularySize() - 1, 0, true);
      float[] logits = model.forward(batch).logits();
      for (int i = 0; i < 2 * model.config().vocabularySize(); i++) {
        assertThat(logits[i]).isFinite();
      }
    }
  }
}
