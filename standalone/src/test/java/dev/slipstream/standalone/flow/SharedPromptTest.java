package dev.slipstream.standalone.flow;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.slipstream.standalone.suite.EmbeddedSuite;
import dev.slipstream.standalone.suite.Service;
import io.grpc.ManagedChannel;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Whoever breaks this makes several answers to one prompt pay for it several times. */
@Tag("suite")
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class SharedPromptTest {
  private static final int BLOCK = 16;
  private static final int N = 4;
  private static final int ANSWER = 12;

  private final HttpClient client = HttpClient.newHttpClient();
  private final JsonMapper mapper = new JsonMapper();
  private EmbeddedSuite suite;
  private ManagedChannel channel;

  @BeforeAll
  void start(@TempDir Path home) throws Exception {
    suite = EmbeddedSuite.start(Flow.settings(home, Map.of()));
    channel = Flow.connect(suite.grpcAddress().orElseThrow());
  }

  @AfterAll
  void stop() {
    if (suite != null) {
      channel.shutdownNow();
      suite.close();
    }
  }

  private JsonNode complete(String prompt, String fields) throws Exception {
    URI uri = suite.httpAddress().orElseThrow().resolve("/v1/completions");
    String body =
        mapper.writeValueAsString(Map.of("prompt", prompt)).replaceFirst("}$", "") + fields + "}";
    var response =
        client.send(
            HttpRequest.newBuilder(uri)
                .header("Content-Type", "application/json")
                .POST(HttpRequest.BodyPublishers.ofString(body))
                .build(),
            HttpResponse.BodyHandlers.ofString());
    assertThat(response.statusCode()).as(response.body()).isEqualTo(200);
    return mapper.readTree(response.body());
  }

  private double target(String metric) {
    return Flow.metric(suite, Service.TARGET, metric);
  }

  @Test
  void thePromptIsComputedOnceHoweverManyAnswersThereAre() throws Exception {
    double queriesBefore = target("slipstream.prefix.cache.queries");
    double hitsBefore = target("slipstream.prefix.cache.hits");
    JsonNode answer =
        complete(
            "The old lighthouse keeper climbed the stairs. ".repeat(30),
            ", \"n\": %d, \"seed\": 7, \"max_tokens\": %d".formatted(N, ANSWER));

    int prompt = answer.at("/usage/prompt_tokens").intValue();
    int shared = (prompt - 1) / BLOCK * BLOCK;
    assertThat(shared).isGreaterThan(10 * BLOCK);
    assertThat(target("slipstream.prefix.cache.queries") - queriesBefore).isEqualTo(N * prompt);
    assertThat(target("slipstream.prefix.cache.hits") - hitsBefore).isEqualTo((N - 1) * shared);
    assertThat(answer.at("/usage/prompt_tokens_details/cached_tokens").intValue())
        .as("nothing of it was known before")
        .isZero();
    assertThat(answer.at("/slipstream/prefix_hit_tokens").intValue()).isEqualTo((N - 1) * shared);
  }

  @Test
  void anAnswerIsTheSameAloneAndAmongOthers() throws Exception {
    String prompt = "In the year 2150, the first thing that everybody learned at school was how to";
    JsonNode together =
        complete(prompt, ", \"n\": %d, \"seed\": 40, \"max_tokens\": %d".formatted(N, ANSWER));
    for (int i = 0; i < N; i++) {
      JsonNode alone =
          complete(prompt, ", \"seed\": %d, \"max_tokens\": %d".formatted(40 + i, ANSWER));
      assertThat(together.at("/choices/" + i + "/text").stringValue())
          .isEqualTo(alone.at("/choices/0/text").stringValue());
    }
  }

  @Test
  void theBestAnswerHasTheHighestMeanLogProbabilityOfAll() throws Exception {
    String prompt = "Three good reasons to learn how to cook for other people are that";
    String parameters = ", \"seed\": 11, \"max_tokens\": %d, \"logprobs\": 0".formatted(ANSWER);
    JsonNode all = complete(prompt, parameters + ", \"n\": " + N);
    double best = Double.NEGATIVE_INFINITY;
    for (JsonNode choice : all.get("choices")) {
      best = Math.max(best, mean(choice));
    }
    JsonNode chosen = complete(prompt, parameters + ", \"best_of\": " + N);
    assertThat(chosen.get("choices")).hasSize(1);
    assertThat(mean(chosen.at("/choices/0"))).isEqualTo(best);
    assertThat(chosen.at("/usage/completion_tokens")).isEqualTo(all.at("/usage/completion_tokens"));
  }

  private static double mean(JsonNode choice) {
    double sum = 0;
    JsonNode logprobs = choice.at("/logprobs/token_logprobs");
    for (JsonNode logprob : logprobs) {
      sum += logprob.doubleValue();
    }
    return sum / logprobs.size();
  }

  @Test
  void nothingIsHeldWhenAllAreOver() throws Exception {
    complete("A word about cats:", ", \"n\": %d, \"max_tokens\": %d".formatted(N, ANSWER));
    await()
        .atMost(Flow.PATIENCE)
        .untilAsserted(() -> assertThat(target("slipstream.kv.cache.blocks.used")).isZero());
  }
}
