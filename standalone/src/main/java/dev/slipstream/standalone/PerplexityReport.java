package dev.slipstream.standalone;

import dev.slipstream.engine.evaluation.Estimate;
import dev.slipstream.engine.evaluation.PerplexityStatistics;
import java.io.PrintWriter;
import java.util.Locale;

/** The output of llama-perplexity. */
final class PerplexityReport {

  private final PrintWriter out;
  private int chunks;

  PerplexityReport(PrintWriter out) {
    this.out = out;
  }

  void chunk(PerplexityStatistics soFar) {
    chunks++;
    out.printf(Locale.ROOT, "[%d]%.4f,", chunks, soFar.perplexity().value());
    out.flush();
  }

  void end(PerplexityStatistics total) {
    Estimate perplexity = total.perplexity();
    out.println();
    out.printf(
        Locale.ROOT,
        "Final estimate: PPL = %.4f +/- %.5f%n",
        perplexity.value(),
        perplexity.uncertainty());
    out.flush();
  }
}
