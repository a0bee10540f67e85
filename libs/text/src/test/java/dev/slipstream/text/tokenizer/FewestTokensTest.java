package dev.slipstream.text.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;

import dev.slipstream.models.gguf.GgufWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.Test;

/**
 * A text is refused before it is encoded if even this many tokens are too many. One too many
 * refuses a prompt that fits; far too few lets a flood of hopeless prompts have all the threads.
 */
class FewestTokensTest {
  private static final List<String> ALPHABET =
      List.of(
          "a",
          "b",
          " ",
          "  ",
          "\n",
          "\t",
          "\u2581",
          "é",
          "😀",
          "\ud800",
          "\0",
          "<s>",
          "<|x|>",
          "  <tool>");

  /** A special token that no merges lead to. */
  private static final String SPACED = "<tool call>";

  private static final List<String> PRE_TOKENIZERS = List.of("llama-bpe", "qwen2", "default");

  private static final String PROSE =
      "The harbour was quiet, and the boats lay where the tide had left them. "
          + "Nobody had asked why 12,345 crates of tea stood on the pier in July!\n\n";

  /** Whatever is special about a vocabulary: dropped bytes, eaten and added spaces, long names. */
  @Property(tries = 400)
  void aTextNeverHasFewerTokens(@ForAll Random random) {
    List<String> words = words(random);
    Tokenizer tokenizer =
        random.nextBoolean() ? sentencePieces(words, random) : bytePairs(words, random);
    FewestTokens fewest = tokenizer.fewestTokens();
    for (int i = 0; i < 20; i++) {
      checkAllWays(tokenizer, fewest, text(words, random));
    }
  }

  private static void checkAllWays(Tokenizer tokenizer, FewestTokens fewest, String text) {
    int count = fewest.count(text, Integer.MAX_VALUE - 1);
    for (boolean addSpecial : new boolean[] {false, true}) {
      for (boolean parseSpecial : new boolean[] {false, true}) {
        int[] tokens = tokenizer.encode(text, addSpecial, parseSpecial);
        assertThat(count)
            .as("'%s' is %s", text, Arrays.toString(tokens))
            .isLessThanOrEqualTo(tokens.length);
      }
    }
    assertThat(fewest.count(text, count)).isEqualTo(count);
    if (count > 0) {
      assertThat(fewest.count(text, count - 1)).isEqualTo(count);
    }
  }

  private static List<String> words(Random random) {
    List<String> words = new ArrayList<>(ALPHABET);
    for (int i = random.nextInt(1, 20); i > 0; i--) {
      StringBuilder word = new StringBuilder();
      for (int j = random.nextInt(1, 6); j > 0; j--) {
        word.append(ALPHABET.get(random.nextInt(ALPHABET.size())));
      }
      words.add(word.toString());
    }
    return words;
  }

  private static String text(List<String> words, Random random) {
    StringBuilder text = new StringBuilder();
    for (int i = random.nextInt(30); i > 0; i--) {
      text.append(random.nextInt(10) == 0 ? SPACED : words.get(random.nextInt(words.size())));
    }
    return text.toString();
  }

  private static Tokenizer sentencePieces(List<String> words, Random random) {
    List<String> names = new ArrayList<>(List.of("<unk>", "<s>", "</s>"));
    boolean withBytes = random.nextBoolean();
    for (int b = 0; withBytes && b < 256; b++) {
      names.add("<0x%02X>".formatted(b));
    }
    int first = names.size();
    for (String word : words) {
      String spelled = random.nextInt(4) > 0 ? word.replace(" ", SpmEncoder.SPACE) : word;
      String whole = random.nextBoolean() ? SpmEncoder.SPACE + spelled : spelled;
      // Pieces are merged from left to right, and only into pieces.
      IntStream.rangeClosed(1, whole.length())
          .mapToObj(n -> whole.substring(0, n))
          .forEach(names::add);
    }
    float[] scores = new float[names.size()];
    int[] types = new int[names.size()];
    for (int i = 0; i < types.length; i++) {
      scores[i] = random.nextInt(10);
      types[i] = i == 0 ? 2 : i < 3 ? 3 : i < first ? 6 : random.nextInt(1, 7);
    }
    return TestVocabularies.tokenizer(
        new GgufWriter()
            .string("tokenizer.ggml.model", "llama")
            .string("general.name", name(random))
            .strings("tokenizer.ggml.tokens", names.toArray(String[]::new))
            .floats("tokenizer.ggml.scores", scores)
            .integers("tokenizer.ggml.token_type", types)
            .bool("tokenizer.ggml.add_space_prefix", random.nextBoolean())
            .bool("tokenizer.ggml.add_eos_token", random.nextBoolean()));
  }

  /** The special tokens of Phi-3 eat the spaces after them. */
  private static String name(Random random) {
    return random.nextBoolean() ? "Phi-3 mini" : "other";
  }

  private static Tokenizer bytePairs(List<String> words, Random random) {
    List<String> names = new ArrayList<>();
    for (int b = 0; b < 256; b++) {
      names.add(String.valueOf(ByteAlphabet.character(b)));
    }
    List<String> merges = new ArrayList<>();
    for (String word : words) {
      String spelled = "";
      for (byte b : Utf8.encode(word)) {
        String next = String.valueOf(ByteAlphabet.character(b));
        if (!spelled.isEmpty() && !names.contains(spelled + next)) {
          merges.add(spelled + " " + next);
          names.add(spelled + next);
        }
        spelled += next;
      }
    }
    for (int lacking = random.nextInt(5); lacking > 0; lacking--) {
      // Bytes and merged symbols that are no tokens: what they spell may get lost.
      names.set(random.nextInt(names.size()), "<unused" + lacking + ">");
    }
    int[] types = new int[names.size() + 3];
    Arrays.fill(types, 1);
    for (String special : List.of("<|x|>", "<s>", SPACED)) {
      types[names.size()] = random.nextInt(2, 5);
      names.add(special);
    }
    return TestVocabularies.tokenizer(
        new GgufWriter()
            .string("tokenizer.ggml.model", "gpt2")
            .string("tokenizer.ggml.pre", PRE_TOKENIZERS.get(random.nextInt(3)))
            .string("general.name", name(random))
            .strings("tokenizer.ggml.tokens", names.toArray(String[]::new))
            .integers("tokenizer.ggml.token_type", types)
            .strings("tokenizer.ggml.merges", merges.toArray(String[]::new)));
  }

  @Test
  void noRealVocabularyHasFewer() throws Exception {
    Path tiny = GoldenFiles.folder().resolve("tiny");
    for (Path model :
        List.of(
            tiny.resolve("llama-spm.Q8_0.gguf"),
            tiny.resolve("qwen3-qknorm.Q8_0.gguf"),
            GoldenFiles.smollm2())) {
      Tokenizer tokenizer = Tokenizer.of(GoldenFiles.metadata(model));
      FewestTokens fewest = tokenizer.fewestTokens();
      for (var line : GoldenFiles.lines("tokenizers.jsonl")) {
        checkAllWays(tokenizer, fewest, line.get("text").stringValue());
      }
      Random random = new Random(7);
      for (int i = 0; i < 300; i++) {
        int[] ids = random.ints(40, 0, tokenizer.size()).toArray();
        checkAllWays(tokenizer, fewest, tokenizer.decode(ids));
      }
      for (int token = 0; token < tokenizer.size(); token++) {
        // The longest names, and those with spaces, again and again.
        String name = tokenizer.decode(new int[] {token});
        if (name.length() > 12 || token % 97 == 0) {
          checkAllWays(tokenizer, fewest, name.repeat(5));
          checkAllWays(tokenizer, fewest, tokenizer.name(token).repeat(3));
        }
      }
    }
  }

  /** Or it would be of no use: four of five tokens of prose are sure. */
  @Test
  void theCountIsNearTheTruthForProse() throws Exception {
    Tokenizer tokenizer = Tokenizer.of(GoldenFiles.metadata(GoldenFiles.smollm2()));
    String text = PROSE.repeat(50);
    int tokens = tokenizer.encode(text, false, false).length;
    assertThat(tokenizer.fewestTokens().count(text, tokens)).isBetween(tokens * 4 / 5, tokens);
  }

  @Test
  void aTextOfTheLongestTokensIsCountedExactly() {
    String[] names = {"  ", "    ", "        "};
    Tokenizer tokenizer =
        TestVocabularies.sentencePiece(
            Arrays.stream(names).map(n -> n.replace(" ", SpmEncoder.SPACE)).toArray(String[]::new));
    String text = " ".repeat(8 * 1000 - 1); // one more is put before it
    assertThat(tokenizer.encode(text, false, false)).hasSize(1000);
    assertThat(tokenizer.fewestTokens().count(text, 5000)).isEqualTo(1000);
  }
}
