package dev.slipstream.text.tokenizer;

import dev.slipstream.models.gguf.GgufMetadata;
import dev.slipstream.models.gguf.GgufWriter;
import java.util.ArrayList;
import java.util.List;

/** Small vocabularies for tests. */
public final class TestVocabularies {

  static final int NORMAL = 1;
  static final int UNKNOWN = 2;
  static final int CONTROL = 3;
  static final int USER_DEFINED = 4;
  static final int UNUSED = 5;
  static final int BYTE = 6;

  private TestVocabularies() {}

  /**
   * A byte-level vocabulary: the 256 bytes by their value, then a token for each merge from 256 on,
   * then the special tokens.
   *
   * @param specials name and type, alternating
   */
  public static GgufWriter bytePairs(String pre, List<String> merges, Object... specials) {
    List<String> tokens = new ArrayList<>();
    for (int b = 0; b < 256; b++) {
      tokens.add(String.valueOf(ByteAlphabet.character(b)));
    }
    merges.forEach(merge -> tokens.add(merge.replace(" ", "")));
    int[] types = new int[tokens.size() + specials.length / 2];
    java.util.Arrays.fill(types, NORMAL);
    for (int i = 0; i < specials.length; i += 2) {
      types[tokens.size()] = (int) specials[i + 1];
      tokens.add((String) specials[i]);
    }
    return new GgufWriter()
        .string("tokenizer.ggml.model", "gpt2")
        .string("tokenizer.ggml.pre", pre)
        .strings("tokenizer.ggml.tokens", tokens.toArray(String[]::new))
        .integers("tokenizer.ggml.token_type", types)
        .strings("tokenizer.ggml.merges", merges.toArray(String[]::new));
  }

  public static Tokenizer tokenizer(GgufWriter writer) {
    return Tokenizer.of(writer.parse().metadata());
  }

  /** SentencePiece: unknown, begin, end, the bytes, and a few pieces from 259 on, best first. */
  public static GgufWriter sentencePieces(String... pieces) {
    float[] scores = new float[259 + pieces.length];
    for (int i = 259; i < scores.length; i++) {
      scores[i] = 259 - i;
    }
    return unscoredPieces(pieces).floats("tokenizer.ggml.scores", scores);
  }

  /** The same without scores. */
  public static GgufWriter unscoredPieces(String... pieces) {
    List<String> tokens = new ArrayList<>(List.of("<unk>", "<s>", "</s>"));
    for (int b = 0; b < 256; b++) {
      tokens.add("<0x%02X>".formatted(b));
    }
    tokens.addAll(List.of(pieces));
    int[] types = new int[tokens.size()];
    for (int i = 0; i < types.length; i++) {
      types[i] = i == 0 ? UNKNOWN : i < 3 ? CONTROL : i < 259 ? BYTE : NORMAL;
    }
    return new GgufWriter()
        .string("tokenizer.ggml.model", "llama")
        .strings("tokenizer.ggml.tokens", tokens.toArray(String[]::new))
        .integers("tokenizer.ggml.token_type", types);
  }

  public static Tokenizer sentencePiece(String... pieces) {
    return tokenizer(sentencePieces(pieces));
  }

  public static GgufMetadata metadata(GgufWriter writer) {
    return writer.parse().metadata();
  }
}
