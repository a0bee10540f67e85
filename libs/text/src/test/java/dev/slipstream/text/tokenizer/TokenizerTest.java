package dev.slipstream.text.tokenizer;

import static dev.slipstream.text.tokenizer.TestVocabularies.CONTROL;
import static dev.slipstream.text.tokenizer.TestVocabularies.UNUSED;
import static dev.slipstream.text.tokenizer.TestVocabularies.USER_DEFINED;
import static dev.slipstream.text.tokenizer.TestVocabularies.bytePairs;
import static dev.slipstream.text.tokenizer.TestVocabularies.sentencePiece;
import static dev.slipstream.text.tokenizer.TestVocabularies.sentencePieces;
import static dev.slipstream.text.tokenizer.TestVocabularies.tokenizer;
import static dev.slipstream.text.tokenizer.TestVocabularies.unscoredPieces;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.slipstream.models.gguf.GgufWriter;
import dev.slipstream.models.gguf.ModelFormatException;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Tag("slow")
class TokenizerTest {

  private static final List<String> MERGES = List.of("h e", "l l", "he ll", "hell o", "Ġ hello");

  @Test
  void mergesTheBestRankFirst() {
    Tokenizer tokenizer = tokenizer(bytePairs("gpt-2", MERGES));
    assertThat(tokenizer.encode("hello hello", false, false)).containsExactly(259, 260);
    assertThat(tokenizer.encode("hel", false, false)).containsExactly(256, 'l');
    assertThat(tokenizer.decode(new int[] {259, 260})).isEqualTo("hello hello");
  }

  @Test
  void controlTokensAreTextUnlessAskedFor() {
    Tokenizer tokenizer =
        tokenizer(bytePairs("gpt-2", MERGES, "<|im_end|>", CONTROL, "<tool>", USER_DEFINED));
    assertThat(tokenizer.encode("hello<|im_end|>", false, true)).containsExactly(259, 261);
    assertThat(tokenizer.encode("hello<|im_end|>", false, false)).doesNotContain(261).hasSize(11);
    assertThat(tokenizer.encode("hello<tool>", false, false)).containsExactly(259, 262);
    assertThat(tokenizer.isControl(261)).isTrue();
    assertThat(tokenizer.bytes(261)).isEmpty();
    assertThat(tokenizer.decode(new int[] {262})).isEqualTo("<tool>");
  }

  @Test
  void theLongestSpecialTokenWins() {
    Tokenizer tokenizer =
        tokenizer(bytePairs("gpt-2", MERGES, "<a>", CONTROL, "<a><b>", CONTROL, "<b>", CONTROL));
    assertThat(tokenizer.encode("<a><b><a>", false, true)).containsExactly(262, 261);
  }

  @Test
  void endTokensAreThoseOfTheFileAndTheWellKnownOnes() {
    Tokenizer tokenizer =
        tokenizer(
            bytePairs("qwen2", MERGES, "<|endoftext|>", CONTROL, "<|im_end|>", 1, "<x>", CONTROL)
                .integer("tokenizer.ggml.eos_token_id", 263));
    assertThat(tokenizer.endTokens()).containsExactlyInAnyOrder(261, 262, 263);
    assertThat(tokenizer.isControl(262)).as("a known name of the wrong type").isTrue();
    assertThat(tokenizer.endToken()).hasValue(263);
    assertThat(tokenizer.beginToken()).isEmpty();
  }

  @Test
  void beginAndEndAreAddedAsTheFileSays() {
    GgufWriter writer =
        bytePairs("llama-bpe", MERGES, "<b>", CONTROL, "<e>", CONTROL)
            .integer("tokenizer.ggml.bos_token_id", 261)
            .integer("tokenizer.ggml.eos_token_id", 262);
    assertThat(tokenizer(writer).encode("hello", true, false)).containsExactly(261, 259);
    assertThat(tokenizer(writer).encode("hello", false, false)).containsExactly(259);
    writer.bool("tokenizer.ggml.add_bos_token", false).bool("tokenizer.ggml.add_eos_token", true);
    assertThat(tokenizer(writer).encode("hello", true, false)).containsExactly(259, 262);
  }

  @Test
  void zeroAndMinusZeroAreTheSameScore() {
    GgufWriter writer = unscoredPieces("a", "b", "c", "ab", "bc");
    float[] scores = new float[264];
    scores[262] = -0f;
    Tokenizer tokenizer =
        tokenizer(
            writer
                .floats("tokenizer.ggml.scores", scores)
                .bool("tokenizer.ggml.add_space_prefix", false));
    assertThat(tokenizer.encode("abc", false, false))
        .as("the pair on the left, as both score the same")
        .containsExactly(262, 261);
  }

  @Test
  void scoresMayBeIntegers() {
    int[] scores = new int[264];
    scores[263] = 1;
    Tokenizer tokenizer =
        tokenizer(
            unscoredPieces("a", "b", "c", "ab", "bc")
                .integers("tokenizer.ggml.scores", scores)
                .bool("tokenizer.ggml.add_space_prefix", false));
    assertThat(tokenizer.encode("abc", false, false)).containsExactly(259, 263);
  }

  @Test
  void sentencePieceMergesByScoreAndFallsBackToBytes() {
    Tokenizer tokenizer = sentencePiece("▁h", "▁hi", "hi", "h", "i", "▁");
    assertThat(tokenizer.encode("hi", true, false)).containsExactly(1, 260);
    assertThat(tokenizer.encode("hihi", false, false)).containsExactly(260, 261);
    assertThat(tokenizer.encode("é", false, false)).containsExactly(264, 3 + 0xC3, 3 + 0xA9);
    assertThat(tokenizer.decode(new int[] {260, 261})).isEqualTo("hihi");
    assertThat(tokenizer.decode(new int[] {3 + 0xC3, 3 + 0xA9})).isEqualTo("é");
    assertThat(tokenizer.encode("", true, true)).containsExactly(1);
  }

  @Test
  void sentencePieceMayDoWithoutTheSpaceInFront() {
    Tokenizer tokenizer =
        tokenizer(sentencePieces("hi", "h", "i").bool("tokenizer.ggml.add_space_prefix", false));
    assertThat(tokenizer.encode("hi", false, false)).containsExactly(259);
    assertThat(tokenizer.encode("hi</s>hi", false, true)).containsExactly(259, 2, 259);
  }

  @Test
  void unpairedSurrogatesAndNulsDoNoHarm() {
    for (Tokenizer tokenizer :
        List.of(tokenizer(bytePairs("llama-bpe", MERGES)), sentencePiece("▁"))) {
      String text = "a\uD800b\uDC00\u0000\uD83D";
      String expected = "a\uFFFDb\uFFFD\u0000\uFFFD";
      assertThat(tokenizer.decode(tokenizer.encode(text, false, true))).isEqualTo(expected);
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "default",
        "gpt-2",
        "llama-bpe",
        "qwen2",
        "smollm",
        "deepseek-llm",
        "deepseek-coder",
        "deepseek-v3",
        "falcon",
        "tekken",
        "gpt-4o",
        "kimi-k2",
        "afmoe",
        "superbpe",
        "viking",
        "exaone-moe",
        "chameleon",
        "youtu",
        "jais-2",
        "qwen35",
        "laguna",
        "tiny_aya"
      })
  void everyPreTokenizerKeepsTheTextWhole(String pre) {
    Tokenizer tokenizer = tokenizer(bytePairs(pre, MERGES));
    Random random = new Random(1);
    for (int i = 0; i < 500; i++) {
      int[] codePoints =
          random
              .ints(1 + random.nextInt(40), 0, 6)
              .map(
                  kind ->
                      switch (kind) {
                        case 0 -> random.nextInt(0x80);
                        case 1 -> " \t\n\r'1a\u00A0\u3000".codePointAt(random.nextInt(9));
                        case 2 -> random.nextInt(0x800);
                        case 3 -> 0x4E00 + random.nextInt(0x2000);
                        case 4 -> 0x10000 + random.nextInt(0x10000);
                        default -> random.nextInt(0xD800);
                      })
              .toArray();
      String text = new String(codePoints, 0, codePoints.length);
      assertThat(tokenizer.decode(tokenizer.encode(text, false, true))).isEqualTo(text);
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"llama-bpe", "gpt-2", "deepseek-llm", "deepseek-v3", "gpt-4o", "superbpe"})
  void longTextWithoutAnyWordBoundaryIsNoProblem(String pre) {
    Tokenizer tokenizer = tokenizer(bytePairs(pre, List.of("a a", "aa aa", "Ġ Ġ", "1 1")));
    for (String unit : List.of("a", "A", " ", "\n", "1", "!", "é", "東", "\u0301", " \n", "a ")) {
      String text = unit.repeat(200_000 / unit.length()) + "x";
      assertThat(tokenizer.decode(tokenizer.encode(text, false, true))).isEqualTo(text);
    }
    Tokenizer pieces = sentencePiece("a", "aa", "aaaa", "▁", "▁▁");
    String text = "a".repeat(200_000);
    assertThat(pieces.decode(pieces.encode(text, false, true))).isEqualTo(text);
  }

  @Test
  void theDigestChangesWithWhateverChangesIds() {
    String digest = tokenizer(bytePairs("gpt-2", MERGES)).digest();
    assertThat(digest).matches("[0-9a-f]{64}");
    assertThat(tokenizer(bytePairs("gpt-2", MERGES)).digest()).isEqualTo(digest);
    assertThat(tokenizer(bytePairs("qwen2", MERGES)).digest()).isNotEqualTo(digest);
    assertThat(tokenizer(bytePairs("gpt-2", MERGES.reversed())).digest()).isNotEqualTo(digest);
    assertThat(tokenizer(bytePairs("gpt-2", MERGES, "<x>", CONTROL)).digest()).isNotEqualTo(digest);
    assertThat(tokenizer(bytePairs("gpt-2", MERGES, "[PAD261]", UNUSED)).digest())
        .as("padding to a round number of tokens")
        .isEqualTo(digest);
    assertThat(sentencePiece("a").digest()).isNotEqualTo(sentencePiece("b").digest());
  }

  @Test
  void refusesWhatItDoesNotKnowByName() {
    assertThatThrownBy(() -> tokenizer(bytePairs("martian", MERGES)))
        .isInstanceOf(ModelFormatException.class)
        .hasMessageContainingAll("tokenizer.ggml.pre", "martian");
    for (String model : List.of("bert", "t5", "rwkv")) {
      assertThatThrownBy(() -> tokenizer(new GgufWriter().string("tokenizer.ggml.model", model)))
          .isInstanceOf(ModelFormatException.class)
          .hasMessageContainingAll("tokenizer.ggml.model", model);
    }
    assertThatThrownBy(() -> tokenizer(new GgufWriter()))
        .isInstanceOf(ModelFormatException.class)
        .hasMessageContaining("tokenizer.ggml.model");
    Tokenizer tokenizer = tokenizer(bytePairs("gpt-2", MERGES));
    for (int token : new int[] {-1, tokenizer.size()}) {
      assertThatThrownBy(() -> tokenizer.bytes(token))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("token " + token);
    }
  }

  @Test
  void streamsWholeCharacters() {
    StreamingDetokenizer stream = tokenizer(bytePairs("gpt-2", MERGES)).detokenizer();
    assertThat(stream.append(0xE2)).isEmpty();
    assertThat(stream.append(0x82)).isEmpty();
    assertThat(stream.append(0xAC)).isEqualTo("€");
    assertThat(stream.append(260)).isEqualTo(" hello");
    assertThat(stream.append(0xF0)).isEmpty();
    assertThat(stream.append('a')).as("a character that never ends").isEqualTo("\uFFFDa");
    assertThat(stream.append(0x80)).isEqualTo("\uFFFD");
    assertThat(stream.append(0xC3)).isEmpty();
    assertThat(stream.flush()).isEqualTo("\uFFFD");
    assertThat(stream.flush()).isEmpty();
  }
}
