package dev.slipstream.standalone.client;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Whether Prometheus can read the metrics and dashboards find theirs. */
@Tag("model")
@Tag("suite")
@ExtendWith(RunningSuite.Extension.class)
class MetricsTest {
  private static final Pattern SAMPLE =
      Pattern.compile(
          "([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\\{(?:[a-zA-Z_][a-zA-Z0-9_]*=\"(?:[^\"\\\\]|\\\\.)*\",?)*})?"
              + " (?:[-+0-9.eE]+|NaN|[-+]Inf)");
  private static final Pattern META =
      Pattern.compile("# (HELP|TYPE) ([a-zA-Z_:][a-zA-Z0-9_:]*) (.+)");

  /** Of the four services only one has an address here. */
  @Test
  void theOnePortShowsTheFiguresOfAllServices(RunningSuite suite) throws Exception {
    try (HttpClient client = HttpClient.newHttpClient()) {
      String text =
          client
              .send(
                  HttpRequest.newBuilder(suite.uri("/actuator/prometheus")).build(),
                  HttpResponse.BodyHandlers.ofString())
              .body();
      assertThat(text.lines())
          .anyMatch(line -> isSample(line, "num_requests_running", "gateway"))
          .anyMatch(line -> isSample(line, "num_requests_running", "target"))
          .anyMatch(line -> isSample(line, "draft_proposals_total", "draft"))
          .anyMatch(line -> isSample(line, "kv_blocks_queried_total", "kv"))
          .filteredOn(line -> line.startsWith("jvm_threads_live_threads"))
          .hasSize(1);
    }
  }

  private static boolean isSample(String line, String name, String service) {
    return line.startsWith("slipstream_" + name + "{")
        && line.contains("service=\"slipstream-" + service + "\"");
  }

  @Test
  void areInPrometheusFormatAndNamedAsThePeersNameTheirs(RunningSuite suite) throws Exception {
    String text;
    try (HttpClient client = HttpClient.newHttpClient()) {
      var body = HttpRequest.BodyPublishers.ofString("{\"prompt\": \"a\", \"max_tokens\": 3}");
      client.send(
          HttpRequest.newBuilder(suite.uri("/v1/completions"))
              .header("Content-Type", "application/json")
              .POST(body)
              .build(),
          HttpResponse.BodyHandlers.discarding());
      var response =
          client.send(
              HttpRequest.newBuilder(suite.uri("/metrics")).build(),
              HttpResponse.BodyHandlers.ofString());
      assertThat(response.headers().firstValue("Content-Type").orElseThrow())
          .startsWith("text/plain;version=0.0.4");
      text = response.body();
    }
    Map<String, String> types = new HashMap<>();
    Set<String> said = new HashSet<>();
    Set<String> samples = new HashSet<>();
    for (String line : text.split("\n")) {
      Matcher meta = META.matcher(line);
      Matcher sample = SAMPLE.matcher(line);
      if (meta.matches()) {
        assertThat(said.add(meta.group(1) + meta.group(2))).as("twice: " + line).isTrue();
        if (meta.group(1).equals("TYPE")) {
          types.put(meta.group(2), meta.group(3));
        }
      } else {
        assertThat(sample.matches()).as(line).isTrue();
        assertThat(samples.add(line.substring(0, line.lastIndexOf(' ')))).as(line).isTrue();
      }
    }
    assertThat(types)
        .containsEntry("slipstream_num_requests_running", "gauge")
        .containsEntry("slipstream_num_requests_waiting", "gauge")
        .containsEntry("slipstream_prompt_tokens_total", "counter")
        .containsEntry("slipstream_generation_tokens_total", "counter")
        .containsEntry("slipstream_request_success_total", "counter")
        .containsEntry("slipstream_time_to_first_token_seconds", "histogram")
        .containsEntry("slipstream_time_per_output_token_seconds", "histogram")
        .containsEntry("slipstream_inter_token_latency_seconds", "histogram")
        .containsEntry("slipstream_e2e_request_latency_seconds", "histogram");
  }
}
