package dev.slipstream.engine.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.slipstream.engine.runtime.ComputePool;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

/**
 * Whoever breaks these gives users of these architectures other answers than the weights have. The
 * models and the expected results of llama.cpp are made by the programs in {@code src/test/python}.
 */
@Tag("slow")
class ArchitectureGoldenTest {
  private static final double TOLERANCE = 0.02;

  @TempDir Path folder;

  @ParameterizedTest
  @ValueSource(strings = {"gemma3-window", "gemma3-capped", "granite-tied", "granite-plain"})
  void smallModelsAnswerAsTheirWeightsSay(String name) throws Exception {
    Path file = folder.resolve(name + ".gguf");
    try (InputStream in = ArchitectureGoldenTest.class.getResourceAsStream(name + ".gguf")) {
      Files.copy(in, file);
    }
    check(
        file,
        lines("architectures.jsonl").stream()
            .filter(line -> line.get("model").asString().equals(name))
            .toList());
  }

  @Test
  void gemma3AnswersAsItsWeightsSay() throws Exception {
    Path file = GoldenFiles.cached("gemma-3-270m-q4_k_m.gguf").orElse(null);
    assumeTrue(file != null, "skipped: Gemma 3 270M is not in the cache (.ci/gemma fetches it)");
    check(file, lines("gemma3-270m.jsonl"));
  }

  private static void check(Path file, List<JsonNode> lines) throws Exception {
    assertThat(lines).isNotEmpty();
    try (ComputePool pool = new ComputePool(2);
        LanguageModel model = LanguageModel.load(file, pool)) {
      for (JsonNode line : lines) {
        check(model, line);
      }
    }
  }

  private static void check(LanguageModel model, JsonNode line) {
    int[] ids = GoldenFiles.ints(line.get("ids"));
    int mustMatch = line.get("must_match").asInt();
    if (line.has("text")) {
      assertThat(model.tokenizer().encode(line.get("text").asString(), true, true)).isEqualTo(ids);
    }
    GreedyDecoder decoder = new GreedyDecoder(model, 64);
    int[] answer = decoder.decode(ids, Math.max(1, mustMatch));
    float[] logits = decoder.firstLogits();
    JsonNode all = line.path("logits");
    for (int i = 0; i < all.size(); i++) {
      double expected = all.get(i).asDouble();
      assertThat((double) logits[i])
          .as("%d ids, logit %d", ids.length, i)
          .isCloseTo(expected, within(TOLERANCE + 0.001 * Math.abs(expected)));
    }
    double normaliser = normaliser(logits);
    for (JsonNode likely : line.path("top_logprobs")) {
      assertThat(logits[likely.get(0).asInt()] - normaliser)
          .as("%d ids, token %d", ids.length, likely.get(0).asInt())
          .isCloseTo(likely.get(1).asDouble(), within(TOLERANCE));
    }
    assertThat(Arrays.copyOf(answer, mustMatch))
        .as("%d ids", ids.length)
        .isEqualTo(Arrays.copyOf(GoldenFiles.ints(line.get("greedy")), mustMatch));
  }

  private static double normaliser(float[] logits) {
    double max = Float.NEGATIVE_INFINITY;
    for (float logit : logits) {
      max = Math.max(max, logit);
    }
    double sum = 0;
    for (float logit : logits) {
      sum += Math.exp(logit - max);
    }
    return max + Math.log(sum);
  }

  private static List<JsonNode> lines(String resource) throws Exception {
    return GoldenFiles.lines(Path.of(ArchitectureGoldenTest.class.getResource(resource).toURI()));
  }
}
