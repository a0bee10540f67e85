package dev.slipstream.standalone;

import dev.slipstream.engine.evaluation.DivergenceStatistics;
import dev.slipstream.engine.evaluation.Estimate;
import java.io.PrintWriter;
import java.util.Locale;

/** The output of llama-perplexity --kl-divergence. */
final class DivergenceReport {

  private final PrintWriter out;
  private int chunks;

  DivergenceReport(PrintWriter out) {
    this.out = out;
  }

  void chunk(DivergenceStatistics soFar) {
    if (chunks == 0) {
      out.println(
          "chunk             PPL               ln(PPL(Q)/PPL(base))          KL Divergence"
              + "              Δp RMS            Same top p");
    }
    chunks++;
    print("%4d", chunks);
    print("    %9.4f ± %9.4f", soFar.perplexity());
    print("    %10.5f ± %10.5f", soFar.logRatio());
    print("    %10.5f ± %10.5f", soFar.divergence());
    print("    %6.3f ± %6.3f %%", percent(soFar.rootMeanSquare()));
    print("    %6.3f ± %6.3f %%%n", percent(soFar.sameTop()));
    out.flush();
  }

  void end(DivergenceStatistics total) {
    print("%n====== Perplexity statistics ======%n");
    print("Mean PPL(Q)                   : %10.6f ± %10.6f%n", total.perplexity());
    print("Mean PPL(base)                : %10.6f ± %10.6f%n", total.basePerplexity());
    print("Cor(ln(PPL(Q)), ln(PPL(base))): %6.2f%%%n", 100 * total.correlation());
    print("Mean ln(PPL(Q)/PPL(base))     : %10.6f ± %10.6f%n", total.logRatio());
    print("Mean PPL(Q)/PPL(base)         : %10.6f ± %10.6f%n", total.ratio());
    print("Mean PPL(Q)-PPL(base)         : %10.6f ± %10.6f%n", total.difference());
    print("%n====== KL divergence statistics ======%n");
    // More digits than llama-perplexity prints: it would show zeros for exact arithmetic.
    print("Mean    KLD: %13.10f ± %13.10f%n", total.divergence());
    print("Maximum KLD: %13.10f%n", total.divergenceAt(1));
    for (double p : new double[] {99.9, 99, 95, 90}) {
      print("%4.1f%%   KLD: %13.10f%n", p, total.divergenceAt(p / 100));
    }
    print("Median  KLD: %13.10f%n", total.divergenceAt(0.5));
    for (double p : new double[] {10, 5, 1, 0.1}) {
      print("%4.1f%%   KLD: %13.10f%n", p, total.divergenceAt(p / 100));
    }
    print("Minimum KLD: %13.10f%n", total.divergenceAt(0));
    print("%n====== Token probability statistics ======%n");
    print("Mean    Δp: %6.3f ± %5.3f %%%n", percent(total.probabilityDifference()));
    print("Maximum Δp: %6.3f%%%n", 100 * total.probabilityDifferenceAt(1));
    for (double p : new double[] {99.9, 99, 95, 90, 75}) {
      print("%4.1f%%   Δp: %6.3f%%%n", p, 100 * total.probabilityDifferenceAt(p / 100));
    }
    print("Median  Δp: %6.3f%%%n", 100 * total.probabilityDifferenceAt(0.5));
    for (double p : new double[] {25, 10, 5, 1, 0.1}) {
      print("%4.1f%%   Δp: %6.3f%%%n", p, 100 * total.probabilityDifferenceAt(p / 100));
    }
    print("Minimum Δp: %6.3f%%%n", 100 * total.probabilityDifferenceAt(0));
    print("RMS Δp    : %6.3f ± %5.3f %%%n", percent(total.rootMeanSquare()));
    print("Same top p: %6.3f ± %5.3f %%%n", percent(total.sameTop()));
    out.flush();
  }

  private static Estimate percent(Estimate share) {
    return new Estimate(100 * share.value(), 100 * share.uncertainty());
  }

  private void print(String format, Estimate estimate) {
    print(format, estimate.value(), estimate.uncertainty());
  }

  private void print(String format, Object... values) {
    out.printf(Locale.ROOT, format, values);
  }
}
