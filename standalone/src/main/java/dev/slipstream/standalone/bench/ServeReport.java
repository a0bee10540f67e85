package dev.slipstream.standalone.bench;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.TreeSet;

/**
 * What {@link ServeBench} measured, in the figures and field names of vLLM's {@code bench serve}.
 */
public record ServeReport(String model, ServeSettings settings, List<Load> loads) {

  /** The rounds at one concurrency. */
  record Load(int concurrency, Map<ServeSettings.Mode, List<Round>> rounds) {

    ServeFigures figures(ServeSettings.Mode mode) {
      return ServeFigures.of(rounds.getOrDefault(mode, List.of()));
    }

    /** Output throughput with speculation over that without, for each round; or none. */
    double[] ratios() {
      List<Round> on = rounds.getOrDefault(ServeSettings.Mode.AUTO, List.of());
      List<Round> off = rounds.getOrDefault(ServeSettings.Mode.OFF, List.of());
      double[] ratios = new double[Math.min(on.size(), off.size())];
      Arrays.setAll(ratios, i -> on.get(i).outputThroughput() / off.get(i).outputThroughput());
      return ratios;
    }
  }

  /** One round's duration and requests. */
  record Round(double seconds, List<RequestOutcome> outcomes) {
    double outputThroughput() {
      return ServeFigures.of(List.of(this)).outputThroughput();
    }
  }

  public String write(OutputFormat format) {
    return switch (format) {
      case MD -> markdown();
      case JSON -> Tables.json(rows());
      case CSV -> Tables.csv(rows());
    };
  }

  /** Output throughput against concurrency, a line for each kind of speculation. */
  public String chart() {
    List<LineChart.Series> series = new ArrayList<>();
    for (ServeSettings.Mode mode : settings.modes()) {
      List<LineChart.Point> points =
          loads.stream()
              .map(
                  load ->
                      new LineChart.Point(
                          load.concurrency(), load.figures(mode).outputThroughput()))
              .toList();
      series.add(new LineChart.Series("speculation " + mode, points));
    }
    String title = model + ", prompts: " + settings.prompts().name();
    return new LineChart(title, "concurrent requests", "output tokens/s", series).svg();
  }

  /** Why requests failed, each reason once. */
  public List<String> failures() {
    TreeSet<String> reasons = new TreeSet<>();
    for (Load load : loads) {
      load.rounds().values().stream()
          .flatMap(List::stream)
          .flatMap(round -> round.outcomes().stream())
          .forEach(
              outcome -> {
                switch (outcome) {
                  case RequestOutcome.Failed failed -> reasons.add(failed.reason());
                  case RequestOutcome.Served served -> {}
                }
              });
    }
    return List.copyOf(reasons);
  }

  private String markdown() {
    StringBuilder text = new StringBuilder();
    text.append(
        format(
            "%s, prompts: %s, %d rounds of %d requests, up to %d tokens, temperature %s%n",
            model,
            settings.prompts().name(),
            settings.rounds(),
            settings.requests(),
            settings.maxTokens(),
            settings.temperature()));
    for (Load load : loads) {
      List<String> header = new ArrayList<>(List.of("concurrency " + load.concurrency()));
      List<Map<String, OptionalDouble>> columns = new ArrayList<>();
      for (ServeSettings.Mode mode : settings.modes()) {
        header.add("speculation " + mode);
        columns.add(load.figures(mode).lines());
      }
      List<List<String>> lines = new ArrayList<>();
      for (String label : columns.getFirst().keySet()) {
        List<String> line = new ArrayList<>(List.of(label));
        columns.forEach(
            column -> line.add(cell(column.getOrDefault(label, OptionalDouble.empty()))));
        lines.add(line);
      }
      text.append('\n').append(Tables.markdown(header, lines, 1));
      double[] ratios = load.ratios();
      if (ratios.length > 0) {
        text.append(
            format(
                "%nOutput throughput, speculation auto / off: %.2f (%.2f to %.2f in %d rounds)%n",
                Statistics.median(ratios),
                Statistics.quantile(ratios, 0),
                Statistics.quantile(ratios, 1),
                ratios.length));
      }
    }
    return text.toString();
  }

  private List<Map<String, Object>> rows() {
    List<Map<String, Object>> rows = new ArrayList<>();
    for (Load load : loads) {
      double[] ratios = load.ratios();
      for (ServeSettings.Mode mode : settings.modes()) {
        Map<String, Object> row = new LinkedHashMap<>(Tables.machine());
        row.put("model_id", model);
        row.put("dataset_name", settings.prompts().name());
        row.put("max_concurrency", load.concurrency());
        row.put("speculation", mode.toString());
        row.put("rounds", settings.rounds());
        row.put("max_tokens", settings.maxTokens());
        row.put("temperature", settings.temperature());
        load.figures(mode)
            .fields()
            .forEach(
                (name, value) -> row.put(name, value.isPresent() ? value.getAsDouble() : null));
        row.put("ratio_auto_off", ratios.length == 0 ? null : Statistics.median(ratios));
        row.put("ratio_min", ratios.length == 0 ? null : Statistics.quantile(ratios, 0));
        row.put("ratio_max", ratios.length == 0 ? null : Statistics.quantile(ratios, 1));
        rows.add(row);
      }
    }
    return rows;
  }

  private static String cell(OptionalDouble value) {
    if (value.isEmpty()) {
      return "";
    }
    double number = value.getAsDouble();
    return number == Math.rint(number) ? format("%.0f", number) : format("%.2f", number);
  }

  private static String format(String pattern, Object... values) {
    return String.format(Locale.ROOT, pattern, values);
  }
}
