package dev.slipstream.text.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

/** Other ids than the model was trained on would make every answer worse. */
@Tag("model")
class TokenizerGoldenTest {

  private final Map<Path, Tokenizer> tokenizers = new HashMap<>();

  private Tokenizer tokenizer(Path file) throws IOException {
    Tokenizer tokenizer = tokenizers.get(file);
    if (tokenizer == null) {
      tokenizer = Tokenizer.of(GoldenFiles.metadata(file));
      tokenizers.put(file, tokenizer);
    }
    return tokenizer;
  }

  @Test
  void tinyVocabulariesGiveTheExpectedIds() throws Exception {
    for (JsonNode line : GoldenFiles.lines("tokenizers.jsonl")) {
      String model = line.get("model").asString();
      if (model.startsWith("tiny/")) {
        assertIds(tokenizer(GoldenFiles.folder().resolve(model)), line, false);
      }
    }
  }

  @Test
  void theDefaultModelGivesTheExpectedIds() throws Exception {
    Tokenizer tokenizer = tokenizer(GoldenFiles.smollm2());
    for (JsonNode line : GoldenFiles.lines("tokenizers.jsonl")) {
      if (!line.get("model").asString().startsWith("tiny/")) {
        assertIds(tokenizer, line, false);
      }
    }
    for (JsonNode line : GoldenFiles.lines("smollm2.jsonl")) {
      assertIds(tokenizer, line, true);
    }
  }

  private static void assertIds(Tokenizer tokenizer, JsonNode line, boolean special) {
    String text = line.get("text").asString();
    int[] ids = tokenizer.encode(text, special, special);
    assertThat(ids).as(text).containsExactly(GoldenFiles.ids(line));
    if (!special && ids.length > 0) {
      assertThat(tokenizer.decode(ids)).isEqualTo(text);
    }
  }
}
