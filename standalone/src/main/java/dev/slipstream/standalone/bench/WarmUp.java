package dev.slipstream.standalone.bench;

import java.lang.management.CompilationMXBean;
import java.lang.management.ManagementFactory;

/** Repeats work until the compiler is through with it: its times no longer fall. */
final class WarmUp {
  private static final CompilationMXBean COMPILER = ManagementFactory.getCompilationMXBean();
  private static final double WINDOW_SECONDS = 0.7;
  private static final double LIMIT_SECONDS = 25;
  private static final double BUSY = 0.03;
  private static final double SAME = 0.97;
  private static final int CALM_WINDOWS = 2;

  private WarmUp() {}

  /** Something to repeat; returns the seconds it took. */
  @FunctionalInterface
  interface Work<E extends Exception> {
    double run() throws E;
  }

  /** Runs the work for at least two windows and at most about 25 s. */
  static <E extends Exception> void settle(Work<E> work) throws E {
    double best = Double.POSITIVE_INFINITY;
    int calm = 0;
    long begin = System.nanoTime();
    while (calm < CALM_WINDOWS && since(begin) < LIMIT_SECONDS) {
      long compiled = COMPILER.getTotalCompilationTime();
      long start = System.nanoTime();
      double fastest = Double.POSITIVE_INFINITY;
      while (since(start) < WINDOW_SECONDS) {
        fastest = Math.min(fastest, work.run());
      }
      double compiling = (COMPILER.getTotalCompilationTime() - compiled) / 1e3;
      boolean quiet = compiling < BUSY * since(start) && fastest > SAME * best;
      calm = quiet ? calm + 1 : 0;
      best = Math.min(best, fastest);
    }
  }

  private static double since(long start) {
    return (System.nanoTime() - start) / 1e9;
  }
}
