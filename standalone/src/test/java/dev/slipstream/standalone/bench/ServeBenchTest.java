package dev.slipstream.standalone.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.URI;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** A wrong count or a cached prefix would make a server look better than it is. */
class ServeBenchTest {
  private static final PromptSet PROMPTS = new PromptSet("two", List.of("first", "second"));

  @Test
  void tokensAreCountedAsTheServerCountsThemAndSpeculationIsAskedForInAlternation()
      throws Exception {
    try (FakeServer server = new FakeServer(request -> FakeServer.ANSWER)) {
      ServeReport report = run(server, List.of(1, 2), 3);
      JsonNode rows = JsonMapper.builder().build().readTree(report.write(OutputFormat.JSON));
      assertThat(rows.size()).isEqualTo(4);
      JsonNode row = rows.get(1);
      assertThat(row.path("speculation").stringValue()).isEqualTo("auto");
      assertThat(row.path("max_concurrency").asInt()).isOne();
      assertThat(row.path("completed").asInt()).isEqualTo(6);
      assertThat(row.path("failed").asInt()).isZero();
      assertThat(row.path("total_input_tokens").asInt()).isEqualTo(6 * 7);
      assertThat(row.path("total_output_tokens").asInt()).isEqualTo(6 * 5);
      assertThat(row.path("acceptance_length").asDouble()).isEqualTo(2);
      assertThat(row.path("drafted").asInt()).isEqualTo(36);
      assertThat(row.path("mean_ttft_ms").asDouble()).isPositive();
      assertThat(row.path("ratio_min").asDouble())
          .isLessThanOrEqualTo(row.path("ratio_auto_off").asDouble());
      assertThat(report.failures()).isEmpty();
    }
  }

  @Test
  void theSameQuestionsAreAskedWithAndWithoutSpeculationAndNoneIsEverCached() throws Exception {
    try (FakeServer server = new FakeServer(request -> FakeServer.ANSWER)) {
      run(server, List.of(1), 2);
      assertThat(server.requests)
          .extracting(ServeBenchTest::isOff)
          .containsExactly(true, true, false, false, false, false, true, true);
      assertThat(server.requests)
          .extracting(request -> content(request, 1))
          .containsExactly(
              "first", "second", "first", "second", "first", "second", "first", "second");
      assertThat(server.requests)
          .extracting(request -> content(request, 0))
          .doesNotHaveDuplicates();
    }
  }

  @Test
  void refusedAndBrokenAnswersCountAsFailedAndSayWhy() throws Exception {
    String brokenOff = FakeServer.ANSWER.substring(0, FakeServer.ANSWER.indexOf("data: [DONE]"));
    Function<JsonNode, String> answers =
        request ->
            isOff(request)
                ? null
                : content(request, 1).equals("first") ? brokenOff : FakeServer.ANSWER;
    try (FakeServer server = new FakeServer(answers)) {
      ServeReport report = run(server, List.of(1), 2);
      assertThat(report.failures())
          .hasSize(2)
          .anyMatch(reason -> reason.contains("429 too busy"))
          .anyMatch(reason -> reason.contains("ended early"));
      assertThat(report.write(OutputFormat.MD))
          .containsPattern("Successful requests +\\| +0 \\| +2 \\|")
          .containsPattern("Failed requests +\\| +4 \\| +2 \\|");
    }
  }

  @Test
  void whereNoServerIsTheAddressIsNamed() {
    assertThatThrownBy(
            () ->
                ServeBench.run(
                    URI.create("http://127.0.0.1:1"),
                    Optional.empty(),
                    settings(List.of(1), 1),
                    message -> {}))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("http://127.0.0.1:1");
  }

  private static ServeReport run(FakeServer server, List<Integer> concurrency, int requests)
      throws Exception {
    return ServeBench.run(
        server.address(), Optional.empty(), settings(concurrency, requests), message -> {});
  }

  private static ServeSettings settings(List<Integer> concurrency, int requests) {
    var modes = List.of(ServeSettings.Mode.OFF, ServeSettings.Mode.AUTO);
    return new ServeSettings(PROMPTS, concurrency, requests, 2, modes, 16, 0, false);
  }

  private static boolean isOff(JsonNode request) {
    return request.path("slipstream").path("speculation").asString("").equals("off");
  }

  private static String content(JsonNode request, int message) {
    return request.path("messages").path(message).path("content").stringValue();
  }
}
