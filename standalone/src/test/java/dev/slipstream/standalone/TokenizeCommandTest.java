package dev.slipstream.standalone;

import static org.assertj.core.api.Assertions.assertThat;

import dev.slipstream.models.gguf.GgufWriter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TokenizeCommandTest {

  @TempDir private Path home;
  private Path vocabulary;

  /** A model without weights: a, b, their merge, a line break, and one special token. */
  @BeforeEach
  void writeVocabulary() throws IOException {
    byte[] gguf =
        new GgufWriter()
            .string("general.architecture", "llama")
            .string("tokenizer.ggml.model", "gpt2")
            .string("tokenizer.ggml.pre", "gpt-2")
            .strings("tokenizer.ggml.tokens", "a", "b", "ab", "Ċ", "<|s|>")
            .strings("tokenizer.ggml.merges", "a b")
            .integers("tokenizer.ggml.token_type", 1, 1, 1, 1, 3)
            .bytes();
    vocabulary = Files.write(home.resolve("vocabulary.gguf"), gguf);
  }

  @Test
  void theWholeInputIsOneText() {
    assertThat(tokenize("aab\n", "--ids").out()).isEqualTo("0 2 3\n");
    assertThat(tokenize("aab\n").out()).isEqualTo("0:\"a\" 2:\"ab\" 3:\"\\n\"\n");
    assertThat(tokenize("", "--ids").out()).isEqualTo("\n");
  }

  @Test
  void specialTokensAreRecognisedUnlessTheyAreOrdinaryText() {
    assertThat(tokenize("a<|s|>b", "--ids").out()).isEqualTo("0 4 1\n");
    assertThat(tokenize("a<|s|>b").out()).isEqualTo("0:\"a\" 4:<|s|> 1:\"b\"\n");
    assertThat(tokenize("a<|s|>b", "--ids", "--no-parse-special").out()).doesNotContain("4");
  }

  @Test
  void textsEndedByNulGiveALineEach() {
    assertThat(tokenize("ab\0\0a\nb\0", "--ids", "-0").out()).isEqualTo("2\n\n0 3 1\n");
    assertThat(tokenize("ab\0a", "--ids", "-0").out()).isEqualTo("2\n0\n");
  }

  @Test
  void whatIsNotAModelIsRefusedByName() throws IOException {
    Files.writeString(vocabulary, "not a model");
    Cli refused = tokenize("a");
    assertThat(refused.exitCode()).isEqualTo(1);
    assertThat(refused.err()).contains("vocabulary.gguf").doesNotContain("\tat ");
  }

  private Cli tokenize(String input, String... options) {
    String[] arguments = new String[options.length + 3];
    arguments[0] = "tokenize";
    arguments[1] = "--model";
    arguments[2] = vocabulary.toString();
    System.arraycopy(options, 0, arguments, 3, options.length);
    return Cli.runWithInput(Map.of("SLIPSTREAM_HOME", home.toString()), input, arguments);
  }
}
