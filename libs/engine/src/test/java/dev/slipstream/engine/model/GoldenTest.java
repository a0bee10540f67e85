package dev.slipstream.engine.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.slipstream.engine.runtime.ComputePool;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import tools.jackson.databind.JsonNode;

/** Whoever breaks these gives users other answers than the weights have. */
@Tag("model")
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class GoldenTest {
  private static final double LOGPROB_TOLERANCE = 0.02;

  Stream<String> tinyModels() throws Exception {
    if (GoldenFiles.folder().isEmpty()) {
      return Stream.of("");
    }
    var names = new TreeSet<String>();
    for (JsonNode line : GoldenFiles.lines(GoldenFiles.folder().get().resolve("tiny.jsonl"))) {
      names.add(line.get("model").asString());
    }
    return names.stream();
  }

  @ParameterizedTest
  @MethodSource("tinyModels")
  void everyArchitectureAndWeightFormatAnswersAsItsWeightsSay(String name) throws Exception {
    assumeTrue(!name.isEmpty(), "skipped: no golden files (set SLIPSTREAM_GOLDEN)");
    Path folder = GoldenFiles.folder().orElseThrow();
    try (ComputePool pool = new ComputePool(2);
        LanguageModel model = LanguageModel.load(folder.resolve("tiny").resolve(name), pool)) {
      for (JsonNode line : GoldenFiles.lines(folder.resolve("tiny.jsonl"))) {
        if (!line.get("model").asString().equals(name)) {
          continue;
        }
        int[] ids = GoldenFiles.ints(line.get("ids"));
        GreedyDecoder decoder = new GreedyDecoder(model, 64);
        int[] greedy = GoldenFiles.ints(line.get("greedy"));
        int mustMatch = line.get("must_match").asInt();
        int[] answer = decoder.decode(ids, Math.max(1, mustMatch));
        JsonNode logits = line.get("logits");
        for (int i = 0; i < logits.size(); i++) {
          double expected = logits.get(i).asDouble();
          assertThat((double) decoder.firstLogits()[i])
              .as("%s, %d ids, logit %d", name, ids.length, i)
              .isCloseTo(
                  expected, org.assertj.core.data.Offset.offset(0.02 + 0.001 * Math.abs(expected)));
        }
        assertThat(Arrays.copyOf(answer, mustMatch))
            .as("%s, %d ids", name, ids.length)
            .isEqualTo(Arrays.copyOf(greedy, mustMatch));
      }
    }
  }

  @Test
  void theDefaultModelAnswersAsItsWeightsSay() throws Exception {
    assumeTrue(
        GoldenFiles.folder().isPresent(), "skipped: no golden files (set SLIPSTREAM_GOLDEN)");
    assumeTrue(
        GoldenFiles.defaultModel().isPresent(),
        "skipped: the default model is not in the cache (./slipstream pull smollm2-135m-instruct)");
    List<JsonNode> lines = GoldenFiles.lines(GoldenFiles.folder().get().resolve("smollm2.jsonl"));
    assertThat(Files.exists(GoldenFiles.defaultModel().get())).isTrue();
    try (ComputePool pool = new ComputePool(Runtime.getRuntime().availableProcessors());
        LanguageModel model = LanguageModel.load(GoldenFiles.defaultModel().get(), pool)) {
      for (JsonNode line : lines) {
        check(model, line);
      }
    }
  }

  private static void check(LanguageModel model, JsonNode line) {
    String name = line.get("name").asString();
    int[] ids = model.tokenizer().encode(line.get("text").asString(), true, true);
    assertThat(ids).as("%s: ids", name).isEqualTo(GoldenFiles.ints(line.get("ids")));
    int mustMatch = line.get("must_match").asInt();
    GreedyDecoder decoder = new GreedyDecoder(model, 256);
    int[] answer = decoder.decode(ids, Math.max(1, mustMatch));
    double normalizer = logSumExp(decoder.firstLogits());
    for (JsonNode top : line.get("top_logprobs")) {
      double logprob = decoder.firstLogits()[top.get(0).asInt()] - normalizer;
      assertThat(logprob)
          .as("%s: log-probability of %d", name, top.get(0).asInt())
          .isCloseTo(top.get(1).asDouble(), org.assertj.core.data.Offset.offset(LOGPROB_TOLERANCE));
    }
    assertThat(Arrays.copyOf(answer, mustMatch))
        .as("%s: greedy answer", name)
        .isEqualTo(Arrays.copyOf(GoldenFiles.ints(line.get("greedy")), mustMatch));
  }

  private static double logSumExp(float[] logits) {
    double max = Double.NEGATIVE_INFINITY;
    for (float logit : logits) {
      max = Math.max(max, logit);
    }
    double sum = 0;
    for (float logit : logits) {
      sum += Math.exp(logit - max);
    }
    return max + Math.log(sum);
  }
}
