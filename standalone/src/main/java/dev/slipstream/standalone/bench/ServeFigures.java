package dev.slipstream.standalone.bench;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.function.ToDoubleFunction;

/**
 * The figures of some rounds together.
 *
 * @param seconds of all rounds
 * @param served requests that were answered
 * @param failed requests that were not
 */
record ServeFigures(double seconds, List<RequestOutcome.Served> served, int failed) {
  private static final double P99 = 0.99;

  static ServeFigures of(List<ServeReport.Round> rounds) {
    double seconds = 0;
    int failed = 0;
    List<RequestOutcome.Served> served = new ArrayList<>();
    for (ServeReport.Round round : rounds) {
      seconds += round.seconds();
      for (RequestOutcome outcome : round.outcomes()) {
        switch (outcome) {
          case RequestOutcome.Served answer -> served.add(answer);
          case RequestOutcome.Failed failure -> failed++;
        }
      }
    }
    return new ServeFigures(seconds, served, failed);
  }

  double outputThroughput() {
    return sum(RequestOutcome.Served::outputTokens) / seconds;
  }

  /** By the labels that vLLM prints; those in other units or beyond vLLM's at the end. */
  Map<String, OptionalDouble> lines() {
    Map<String, String> labels = new LinkedHashMap<>();
    labels.put("Successful requests", "completed");
    labels.put("Failed requests", "failed");
    labels.put("Benchmark duration (s)", "duration");
    labels.put("Total input tokens", "total_input_tokens");
    labels.put("Total generated tokens", "total_output_tokens");
    labels.put("Request throughput (req/s)", "request_throughput");
    labels.put("Output token throughput (tok/s)", "output_throughput");
    labels.put("Total token throughput (tok/s)", "total_token_throughput");
    for (String name : List.of("TTFT", "TPOT", "ITL")) {
      for (String kind : List.of("Mean", "Median", "P99")) {
        labels.put(
            kind + " " + name + " (ms)", (kind + "_" + name + "_ms").toLowerCase(Locale.ROOT));
      }
    }
    labels.put("Acceptance length", "acceptance_length");
    labels.put("Draft tokens verified", "drafted");
    labels.put("Draft tokens accepted", "accepted");
    Map<String, OptionalDouble> fields = fields();
    Map<String, OptionalDouble> lines = new LinkedHashMap<>();
    labels.forEach((label, field) -> lines.put(label, fields.get(field)));
    return lines;
  }

  /** By the names of vLLM's JSON. */
  Map<String, OptionalDouble> fields() {
    double input = sum(RequestOutcome.Served::promptTokens);
    double output = sum(RequestOutcome.Served::outputTokens);
    double accepted = sum(RequestOutcome.Served::accepted);
    double rounds = sum(RequestOutcome.Served::rounds);
    Map<String, OptionalDouble> fields = new LinkedHashMap<>();
    fields.put("completed", OptionalDouble.of(served.size()));
    fields.put("failed", OptionalDouble.of(failed));
    fields.put("duration", OptionalDouble.of(seconds));
    fields.put("total_input_tokens", OptionalDouble.of(input));
    fields.put("total_output_tokens", OptionalDouble.of(output));
    fields.put("request_throughput", OptionalDouble.of(served.size() / seconds));
    fields.put("output_throughput", OptionalDouble.of(output / seconds));
    fields.put("total_token_throughput", OptionalDouble.of((input + output) / seconds));
    times(fields, "ttft", each(RequestOutcome.Served::firstTokenSeconds));
    times(fields, "tpot", each(RequestOutcome.Served::secondsPerToken));
    times(
        fields,
        "itl",
        served.stream().flatMapToDouble(s -> Arrays.stream(s.gapSeconds())).toArray());
    fields.put(
        "acceptance_length",
        rounds == 0 ? OptionalDouble.empty() : OptionalDouble.of(1 + accepted / rounds));
    fields.put("drafted", OptionalDouble.of(sum(RequestOutcome.Served::drafted)));
    fields.put("accepted", OptionalDouble.of(accepted));
    return fields;
  }

  private static void times(Map<String, OptionalDouble> fields, String name, double[] seconds) {
    boolean none = seconds.length == 0;
    fields.put(
        "mean_" + name + "_ms",
        none ? OptionalDouble.empty() : OptionalDouble.of(1e3 * Statistics.mean(seconds)));
    fields.put(
        "median_" + name + "_ms",
        none ? OptionalDouble.empty() : OptionalDouble.of(1e3 * Statistics.median(seconds)));
    fields.put(
        "p99_" + name + "_ms",
        none ? OptionalDouble.empty() : OptionalDouble.of(1e3 * Statistics.quantile(seconds, P99)));
  }

  private double[] each(ToDoubleFunction<RequestOutcome.Served> value) {
    return served.stream().mapToDouble(value).filter(x -> !Double.isNaN(x)).toArray();
  }

  private double sum(ToDoubleFunction<RequestOutcome.Served> value) {
    return served.stream().mapToDouble(value).sum();
  }
}
