package dev.slipstream.standalone.bench;

import dev.slipstream.engine.kernel.KernelSelection;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * What {@link EngineBench} measured, in llama-bench's columns and field names where it has them.
 *
 * @param parts one for each number of threads
 */
public record EngineReport(ModelFacts model, List<Part> parts) {
  private static final String BACKEND = "CPU";
  private static final double MEBI = 1 << 20;

  /** The results with one number of threads. */
  record Part(int threads, MachineLimits limits, List<EngineResult> results) {}

  public String write(OutputFormat format) {
    return switch (format) {
      case MD -> markdown();
      case JSON -> Tables.json(rows(true));
      case CSV -> Tables.csv(rows(false));
    };
  }

  /** T(k)/T(1), a line for each number of threads and depth; there must be verification passes. */
  public String chart() {
    List<LineChart.Series> series = new ArrayList<>();
    for (Part part : parts) {
      Map<Integer, List<LineChart.Point>> pointsByDepth = new LinkedHashMap<>();
      for (EngineResult result : part.results) {
        if (result.costRatio().isPresent()) {
          pointsByDepth
              .computeIfAbsent(result.shape().depth(), depth -> new ArrayList<>())
              .add(
                  new LineChart.Point(
                      result.shape().verifiedRows(), result.costRatio().getAsDouble()));
        }
      }
      pointsByDepth.forEach(
          (depth, points) ->
              series.add(new LineChart.Series(part.threads + " threads, depth " + depth, points)));
    }
    return new LineChart(model.name(), "rows k of a pass", "cost(k) / cost(1)", series).svg();
  }

  private String markdown() {
    StringBuilder text = new StringBuilder();
    text.append("kernels: ").append(KernelSelection.kernels().description()).append(", ");
    text.append(Runtime.getRuntime().availableProcessors()).append(" processors\n");
    for (Part part : parts) {
      text.append(
          format(
              "limits, %d threads: %.1f GB/s read, %.1f GFLOP/s multiply-add%n",
              part.threads,
              part.limits.bytesPerSecond() / 1e9,
              part.limits.operationsPerSecond() / 1e9));
    }
    List<String> header =
        List.of(
            "model",
            "size",
            "params",
            "backend",
            "threads",
            "test",
            "t/s",
            "ms/pass",
            "cost(k)/cost(1)",
            "bandwidth",
            "FMA peak");
    List<List<String>> lines = new ArrayList<>();
    for (Part part : parts) {
      part.results.forEach(result -> lines.add(cells(part, result)));
    }
    return text + "\n" + Tables.markdown(header, lines, 1);
  }

  private List<String> cells(Part part, EngineResult result) {
    double[] rates = result.tokensPerSecond();
    return List.of(
        model.name(),
        format("%.2f MiB", model.bytes() / MEBI),
        format("%.2f M", model.parameters() / 1e6),
        BACKEND,
        Integer.toString(result.threads()),
        result.shape().test()
            + (result.shape().depth() == 0 ? "" : " @ d" + result.shape().depth()),
        format("%.2f ± %.2f", Statistics.mean(rates), Statistics.deviation(rates)),
        format("%.2f", result.passMilliseconds()),
        result.costRatio().isPresent() ? format("%.2f", result.costRatio().getAsDouble()) : "",
        format("%.1f %%", 100 * result.bandwidthShare(model, part.limits)),
        format("%.1f %%", 100 * result.peakShare(part.limits)));
  }

  private List<Map<String, Object>> rows(boolean samples) {
    List<Map<String, Object>> rows = new ArrayList<>();
    for (Part part : parts) {
      part.results.forEach(result -> rows.add(fields(part, result, samples)));
    }
    return rows;
  }

  private Map<String, Object> fields(Part part, EngineResult result, boolean samples) {
    double[] rates = result.tokensPerSecond();
    double[] nanos = Arrays.stream(result.seconds()).map(s -> s * 1e9).toArray();
    Map<String, Object> row = new LinkedHashMap<>(Tables.machine());
    row.put("kernels", KernelSelection.kernels().description());
    row.put("backends", BACKEND);
    row.put("model_filename", model.fileName());
    row.put("model_type", model.name());
    row.put("model_size", model.bytes());
    row.put("model_n_params", model.parameters());
    row.put("n_threads", result.threads());
    row.put("test", result.shape().test());
    row.put("n_prompt", result.shape().promptTokens());
    row.put("n_gen", result.shape().generatedTokens());
    row.put("n_verify", result.shape().verifiedRows());
    row.put("n_depth", result.shape().depth());
    row.put("avg_ns", Math.round(Statistics.mean(nanos)));
    row.put("stddev_ns", Math.round(Statistics.deviation(nanos)));
    row.put("avg_ts", Statistics.mean(rates));
    row.put("stddev_ts", Statistics.deviation(rates));
    row.put("median_pass_ms", result.passMilliseconds());
    row.put("cost_ratio", result.costRatio().isPresent() ? result.costRatio().getAsDouble() : null);
    row.put("limit_bytes_per_second", part.limits.bytesPerSecond());
    row.put("limit_flops", part.limits.operationsPerSecond());
    row.put("bandwidth_share", result.bandwidthShare(model, part.limits));
    row.put("fma_share", result.peakShare(part.limits));
    if (samples) {
      row.put("samples_ns", Arrays.stream(nanos).mapToLong(Math::round).toArray());
      row.put("samples_ts", rates);
    }
    return row;
  }

  private static String format(String pattern, Object... values) {
    return String.format(Locale.ROOT, pattern, values);
  }
}
