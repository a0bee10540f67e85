package dev.slipstream.standalone.bench;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import tools.jackson.databind.json.JsonMapper;

/** Writes rows of cells as text. */
final class Tables {
  private static final JsonMapper JSON = JsonMapper.builder().build();

  private Tables() {}

  /**
   * A Markdown table that also reads well as it is.
   *
   * @param left how many of the first columns are aligned to the left; the others hold figures
   */
  static String markdown(List<String> header, List<List<String>> rows, int left) {
    List<List<String>> all = new ArrayList<>(rows);
    all.add(header);
    int[] widths =
        IntStream.range(0, header.size())
            .map(i -> all.stream().mapToInt(row -> row.get(i).length()).max().orElse(0))
            .toArray();
    String rule =
        IntStream.range(0, widths.length)
            .mapToObj(i -> "-".repeat(widths[i] + 1) + (i < left ? "-" : ":"))
            .collect(Collectors.joining("|", "|", "|\n"));
    return line(header, widths, left)
        + rule
        + rows.stream().map(row -> line(row, widths, left)).collect(Collectors.joining());
  }

  private static String line(List<String> row, int[] widths, int left) {
    return IntStream.range(0, widths.length)
        .mapToObj(i -> ("%" + (i < left ? "-" : "") + widths[i] + "s").formatted(row.get(i)))
        .collect(Collectors.joining(" | ", "| ", " |\n"));
  }

  /** A header of keys and a line for each row; all rows have the keys of the first. */
  static String csv(List<Map<String, Object>> rows) {
    if (rows.isEmpty()) {
      return "";
    }
    UnaryOperator<String> quote = s -> '"' + s.replace("\"", "\"\"") + '"';
    List<String> keys = List.copyOf(rows.getFirst().keySet());
    String header = String.join(",", keys) + "\n";
    return header
        + rows.stream()
            .map(
                row ->
                    keys.stream()
                        .map(key -> row.get(key) == null ? "" : quote.apply("" + row.get(key)))
                        .collect(Collectors.joining(",")))
            .collect(Collectors.joining("\n", "", "\n"));
  }

  static String json(Object value) {
    return JSON.writerWithDefaultPrettyPrinter().writeValueAsString(value) + "\n";
  }

  /** What this ran on, as far as Java tells. */
  static Map<String, Object> machine() {
    return new TreeMap<>(
        Map.of(
            "os", System.getProperty("os.name") + " " + System.getProperty("os.arch"),
            "processors", Runtime.getRuntime().availableProcessors(),
            "java", System.getProperty("java.vendor.version", System.getProperty("java.version"))));
  }
}
