package dev.slipstream.engine.model;

import dev.slipstream.models.gguf.GgufWriter;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;

/**
 * Writes a small random Llama model with a byte-level vocabulary: enough to test everything that
 * does not depend on what the words mean.
 */
public final class TinyModel {
  public static final int END = 257;
  public static final int VOCABULARY = 320;
  private static final int DIMENSION = 64;
  private static final int HEADS = 4;
  private static final int KV_HEADS = 2;
  private static final int HIDDEN = 96;
  private static final int LAYERS = 2;

  private TinyModel() {}

  /** Changes the weights of a matrix before they are written. */
  @FunctionalInterface
  public interface Change {
    void apply(String tensor, float[] weights);
  }

  /** Writes the model of this seed; equal seeds give equal files. */
  public static Path write(Path file, long seed, int contextLength) {
    return write(file, seed, contextLength, (tensor, weights) -> {});
  }

  /** The same with changed weights. */
  public static Path write(Path file, long seed, int contextLength, Change change) {
    try {
      return Files.write(file, writer(seed, metadata(seed, contextLength), change).bytes());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The metadata but for the vocabulary, to be changed at will. */
  static Map<String, Object> metadata(long seed, int contextLength) {
    Map<String, Object> metadata = new LinkedHashMap<>();
    metadata.put("general.architecture", "llama");
    metadata.put("general.name", "tiny-" + seed);
    metadata.put("llama.block_count", LAYERS);
    metadata.put("llama.context_length", contextLength);
    metadata.put("llama.embedding_length", DIMENSION);
    metadata.put("llama.feed_forward_length", HIDDEN);
    metadata.put("llama.attention.head_count", HEADS);
    metadata.put("llama.attention.head_count_kv", KV_HEADS);
    metadata.put("llama.attention.layer_norm_rms_epsilon", 1e-5f);
    return metadata;
  }

  /** The tensors of the model with these metadata. */
  static GgufWriter writer(long seed, Map<String, Object> metadata) {
    return writer(seed, metadata, (tensor, weights) -> {});
  }

  private static GgufWriter writer(long seed, Map<String, Object> metadata, Change change) {
    Random random = new Random(seed);
    GgufWriter writer = new GgufWriter().all(metadata);
    vocabulary(writer);
    matrix(writer, random, change, "token_embd.weight", VOCABULARY, DIMENSION, 1);
    norm(writer, "output_norm.weight");
    int head = DIMENSION / HEADS;
    for (int i = 0; i < LAYERS; i++) {
      String block = "blk." + i + ".";
      norm(writer, block + "attn_norm.weight");
      norm(writer, block + "ffn_norm.weight");
      matrix(writer, random, change, block + "attn_q.weight", DIMENSION, DIMENSION, 2);
      matrix(writer, random, change, block + "attn_k.weight", KV_HEADS * head, DIMENSION, 2);
      matrix(writer, random, change, block + "attn_v.weight", KV_HEADS * head, DIMENSION, 2);
      matrix(writer, random, change, block + "attn_output.weight", DIMENSION, DIMENSION, 2);
      matrix(writer, random, change, block + "ffn_gate.weight", HIDDEN, DIMENSION, 2);
      matrix(writer, random, change, block + "ffn_up.weight", HIDDEN, DIMENSION, 2);
      matrix(writer, random, change, block + "ffn_down.weight", DIMENSION, HIDDEN, 2);
    }
    return writer;
  }

  /** One token per byte, two specials, and letters in pairs. */
  public static void vocabulary(GgufWriter writer) {
    List<String> tokens = new ArrayList<>();
    int extra = 0;
    for (int b = 0; b < 256; b++) {
      boolean printable = b >= '!' && b <= '~' || b >= 0xa1 && b <= 0xac || b >= 0xae;
      tokens.add(Character.toString(printable ? b : 256 + extra++));
    }
    tokens.add("<|start|>");
    tokens.add("<|end|>");
    List<String> merges = new ArrayList<>();
    for (int i = 0; tokens.size() < VOCABULARY; i++) {
      String a = Character.toString('a' + i % 26);
      String b = Character.toString('a' + (i * 7 + i / 26) % 26);
      tokens.add(a + b);
      merges.add(a + " " + b);
    }
    int[] types = new int[VOCABULARY];
    java.util.Arrays.fill(types, 1);
    types[END - 1] = 3;
    types[END] = 3;
    writer
        .string("tokenizer.ggml.model", "gpt2")
        .string("tokenizer.ggml.pre", "gpt-2")
        .strings("tokenizer.ggml.tokens", tokens.toArray(String[]::new))
        .integers("tokenizer.ggml.token_type", types)
        .strings("tokenizer.ggml.merges", merges.toArray(String[]::new))
        .integer("tokenizer.ggml.bos_token_id", END - 1)
        .integer("tokenizer.ggml.eos_token_id", END)
        .bool("tokenizer.ggml.add_bos_token", false)
        .string(
            "tokenizer.chat_template",
            "{% for m in messages %}<|start|>{{ m.role }}\n{{ m.content }}<|end|>\n{% endfor %}"
                + "{% if add_generation_prompt %}<|start|>assistant\n{% endif %}");
  }

  private static void norm(GgufWriter writer, String name) {
    float[] ones = new float[DIMENSION];
    java.util.Arrays.fill(ones, 1f);
    writer.tensor(name, ones, DIMENSION);
  }

  private static void matrix(
      GgufWriter writer,
      Random random,
      Change change,
      String name,
      int rows,
      int columns,
      double gain) {
    float[] values = new float[rows * columns];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) (random.nextGaussian() * gain / Math.sqrt(columns));
    }
    change.apply(name, values);
    writer.tensor(name, values, columns, rows);
  }
}
