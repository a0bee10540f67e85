package dev.slipstream.standalone;

import static org.assertj.core.api.Assertions.assertThat;

import dev.slipstream.engine.model.TinyModel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Who compares with llama-bench needs its fields, and figures that belong to the same work. */
@Tag("suite")
class BenchCommandTest {

  @TempDir private Path home;
  private Path model;

  @BeforeEach
  void makeModel() {
    model = TinyModel.write(home.resolve("tiny.gguf"), 1, 256);
  }

  @Test
  void everyTestIsARowWithItsSamplesAndItsShareOfTheLimits() throws Exception {
    Path chart = home.resolve("chart.svg");
    Cli done =
        bench(
            "-p",
            "8,0",
            "-n",
            "4",
            "-k",
            "2,4",
            "-t",
            "1",
            "-r",
            "2",
            "--no-warmup",
            "-o",
            "json",
            "--svg",
            chart.toString());
    assertThat(done.exitCode()).as(done.err()).isZero();
    List<JsonNode> rows = rows(done.out());
    assertThat(rows)
        .extracting(r -> r.path("test").stringValue())
        .containsExactly("pp8", "tg4", "v1", "v2", "v4");
    for (JsonNode row : rows) {
      assertThat(row.path("model_type").stringValue()).isEqualTo("llama 0M F32");
      assertThat(row.path("model_size").asLong())
          .isEqualTo(4 * row.path("model_n_params").asLong());
      assertThat(row.path("n_threads").asInt()).isOne();
      assertThat(row.path("avg_ts").asDouble()).isPositive();
      assertThat(row.path("bandwidth_share").asDouble()).isPositive();
      assertThat(row.path("fma_share").asDouble()).isBetween(0.0, 1.0);
    }
    assertThat(rows.get(0).path("samples_ns").size()).isEqualTo(2);
    assertThat(rows)
        .extracting(BenchCommandTest::tokensOfFirstSample)
        .as("tokens per second times seconds")
        .containsExactly(8L, 4L, 1L, 2L, 4L);
    assertThat(rows.get(2).path("cost_ratio").asDouble()).isEqualTo(1);
    assertThat(rows.get(4).path("n_depth").asInt()).isEqualTo(128);
    assertThat(Files.readString(chart)).startsWith("<svg").contains("cost(k) / cost(1)");
  }

  @Test
  void testsRunBehindAsManyTokensAsAskedFor() throws Exception {
    Path chart = home.resolve("depths.svg");
    Cli done =
        bench(
            "-p",
            "8",
            "-n",
            "4",
            "-k",
            "2",
            "-d",
            "0,40",
            "-t",
            "1",
            "-r",
            "1",
            "--no-warmup",
            "-o",
            "json",
            "--svg",
            chart.toString());
    assertThat(done.exitCode()).as(done.err()).isZero();
    assertThat(rows(done.out()))
        .extracting(r -> r.path("test").stringValue() + "@" + r.path("n_depth").asInt())
        .containsExactly("pp8@0", "tg4@0", "pp8@40", "tg4@40", "v1@0", "v2@0", "v1@40", "v2@40");
    assertThat(Files.readString(chart)).contains("depth 0", "depth 40");
    assertThat(bench("-d", "250", "-n", "16", "-p", "0", "-k", "0", "-t", "1").err())
        .contains("A test needs 266 tokens, the model's context has 256.");
  }

  @Test
  void theTableNamesTheKernelsAndTheLimits() {
    Cli done = bench("-p", "0", "-n", "2", "-k", "0", "-t", "1", "-r", "1", "--no-warmup");
    assertThat(done.exitCode()).as(done.err()).isZero();
    assertThat(done.out()).contains("kernels: ", "GB/s", "GFLOP/s").containsPattern("\\| +tg2 \\|");
  }

  @Test
  void whatCannotBeMeasuredIsRefused() {
    assertThat(bench("-p", "-1").exitCode()).isEqualTo(2);
    assertThat(bench("-r", "0").exitCode()).isEqualTo(2);
    assertThat(bench("-k", "0", "--svg", "x.svg").err()).contains("--svg");
    Cli tooLong = bench("-p", "300", "-t", "1", "--no-warmup");
    assertThat(tooLong.exitCode()).isEqualTo(2);
    assertThat(tooLong.err()).contains("A test needs 300 tokens, the model's context has 256.");
  }

  /** Else somebody would take the figures of the server's model for those of another. */
  @Test
  void optionsForASuiteOfOnesOwnDoNotGoWithAnAddress() {
    Cli refused =
        Cli.run(Map.of(), "bench", "serve", "--address", "http://127.0.0.1:1", "--threads", "1");
    assertThat(refused.exitCode()).isEqualTo(2);
    assertThat(refused.err()).contains("--threads", "--address");
  }

  private Cli bench(String... options) {
    List<String> arguments = new ArrayList<>(List.of("bench", "-m", model.toString()));
    arguments.addAll(List.of(options));
    return Cli.run(Map.of("SLIPSTREAM_HOME", home.toString()), arguments.toArray(String[]::new));
  }

  private static long tokensOfFirstSample(JsonNode row) {
    double perSecond = row.path("samples_ts").path(0).asDouble();
    return Math.round(perSecond * row.path("samples_ns").path(0).asDouble() / 1e9);
  }

  private static List<JsonNode> rows(String json) {
    JsonNode array = JsonMapper.builder().build().readTree(json);
    return StreamSupport.stream(array.spliterator(), false).toList();
  }
}
