package dev.slipstream.system;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** What containers use of their memory, as {@code docker stats} shows it to operators. */
final class Memory {
  private static final Map<String, Double> UNITS =
      Map.of("B", 1.0, "KiB", 1024.0, "MiB", 1048576.0, "GiB", 1073741824.0);

  private Memory() {}

  /** MiB by container's name. */
  static Map<String, Double> mebibytes(Docker docker, List<String> containers)
      throws IOException, InterruptedException {
    List<String> command =
        new ArrayList<>(List.of("stats", "--no-stream", "--format", "{{.Name}} {{.MemUsage}}"));
    command.addAll(containers);
    Map<String, Double> usage = new TreeMap<>();
    docker
        .run(command)
        .lines()
        .map(line -> line.split(" "))
        .forEach(words -> usage.put(words[0], bytes(words[1]) / UNITS.get("MiB")));
    return usage;
  }

  private static double bytes(String text) {
    int unit = 0;
    while (Character.isDigit(text.charAt(unit)) || text.charAt(unit) == '.') {
      unit++;
    }
    return Double.parseDouble(text.substring(0, unit)) * UNITS.get(text.substring(unit));
  }
}
