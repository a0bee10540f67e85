package dev.slipstream.engine.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.slipstream.engine.cache.KvFormats;
import dev.slipstream.engine.runtime.ComputePool;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

/**
 * The golden files once more, with keys and values as they were computed. What is left is the order
 * of additions, so a kernel that loses a little is found here, forty times before the tests that
 * have to allow for the cache's rounding.
 *
 * <p>Gemma's files would not do: llama.cpp looks GELU up in a table of 16-bit floats.
 */
@Tag("slow")
class FloatCacheGoldenTest {
  private static final double TOLERANCE = 5e-4;

  @Test
  void smallModelsOfAllFormatsAnswerAsTheirWeightsSay() throws Exception {
    Path folder = GoldenFiles.folder().orElse(null);
    assumeTrue(folder != null, "skipped: no golden files (set SLIPSTREAM_GOLDEN)");
    Map<String, List<JsonNode>> lines =
        GoldenFiles.lines(folder.resolve("tiny.jsonl")).stream()
            .collect(
                Collectors.groupingBy(
                    line -> line.get("model").asString(), LinkedHashMap::new, Collectors.toList()));
    for (var model : lines.entrySet()) {
      check(folder.resolve("tiny").resolve(model.getKey()), model.getValue());
    }
  }

  @Test
  void theDefaultModelAnswersAsItsWeightsSay() throws Exception {
    Path folder = GoldenFiles.folder().orElse(null);
    assumeTrue(folder != null, "skipped: no golden files (set SLIPSTREAM_GOLDEN)");
    Path file = GoldenFiles.defaultModel().orElse(null);
    assumeTrue(
        file != null,
        "skipped: the default model is not in the cache (./slipstream pull smollm2-135m-instruct)");
    check(file, GoldenFiles.lines(folder.resolve("smollm2.jsonl")));
  }

  private static void check(Path file, List<JsonNode> lines) throws Exception {
    assertThat(lines).isNotEmpty();
    try (ComputePool pool = new ComputePool(Runtime.getRuntime().availableProcessors());
        LanguageModel model = LanguageModel.load(file, KvFormats.FLOATS, pool)) {
      for (JsonNode line : lines) {
        int[] ids = GoldenFiles.ints(line.get("ids"));
        GreedyDecoder decoder = new GreedyDecoder(model, 256);
        decoder.decode(ids, 1);
        check(file.getFileName() + ", " + ids.length + " ids", decoder.firstLogits(), line);
      }
    }
  }

  private static void check(String what, float[] logits, JsonNode line) {
    JsonNode all = line.path("logits");
    for (int i = 0; i < all.size(); i++) {
      assertThat((double) logits[i])
          .as("%s: logit %d", what, i)
          .isCloseTo(all.get(i).asDouble(), within(TOLERANCE));
    }
    double sum = 0;
    for (float logit : logits) {
      sum += Math.exp(logit);
    }
    for (JsonNode likely : line.path("top_logprobs")) {
      int token = likely.get(0).asInt();
      assertThat(logits[token] - Math.log(sum))
          .as("%s: log-probability of %d", what, token)
          .isCloseTo(likely.get(1).asDouble(), within(TOLERANCE));
    }
  }
}
