package dev.slipstream.standalone;

import dev.slipstream.standalone.bench.OutputFormat;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;
import picocli.CommandLine.Spec.Target;

/** How a benchmark measures and what becomes of its figures. */
final class ReportOptions {

  @Spec(Target.MIXEE)
  private CommandSpec spec;

  @Option(
      names = {"-o", "--output"},
      paramLabel = "FORMAT",
      defaultValue = "md",
      description = "${COMPLETION-CANDIDATES} (default: ${DEFAULT-VALUE}).")
  private OutputFormat output;

  @Option(
      names = "--svg",
      paramLabel = "FILE",
      description =
          "Also draw a chart: cost of a pass against rows, or throughput against concurrency.")
  private @Nullable Path svg;

  @Option(
      names = "--no-warmup",
      description = "Measure the first runs too, while the compiler is still at work.")
  private boolean noWarmUp;

  boolean warmUp() {
    return !noWarmUp;
  }

  /** Whether a chart is asked for. */
  boolean draws() {
    return svg != null;
  }

  /** Prints the report, and draws the chart if it is asked for. */
  void write(Function<OutputFormat, String> report, Supplier<String> chart) throws IOException {
    PrintWriter out = spec.commandLine().getOut();
    out.print(report.apply(output));
    out.flush();
    if (svg != null) {
      Files.writeString(svg, chart.get());
    }
  }
}
