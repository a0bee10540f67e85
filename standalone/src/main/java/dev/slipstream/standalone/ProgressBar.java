package dev.slipstream.standalone;

import dev.slipstream.models.catalog.ProgressListener;
import java.io.PrintWriter;

/**
 * The progress of a download, or of writing a file: one line that is rewritten on a terminal, a
 * line at every tenth elsewhere.
 */
final class ProgressBar implements ProgressListener, AutoCloseable {

  private static final int WIDTH = 28;
  private static final long REDRAW_NANOS = 100_000_000;

  private final PrintWriter err;
  private final boolean terminal;
  private final String verb;
  private long startNanos;
  private long startBytes;
  private long drawnNanos;
  private int drawnTenth = -1;
  private boolean lineOpen;

  ProgressBar(PrintWriter err) {
    this(err, "Fetching");
  }

  /**
   * @param verb what is being done, such as "Fetching"
   */
  ProgressBar(PrintWriter err, String verb) {
    this(err, verb, System.console() != null && System.console().isTerminal());
  }

  private ProgressBar(PrintWriter err, String verb, boolean terminal) {
    this.err = err;
    this.verb = verb;
    this.terminal = terminal;
  }

  @Override
  public void progress(String what, long done, long total) {
    long now = System.nanoTime();
    if (startNanos == 0) {
      startNanos = now;
      startBytes = done;
      err.println(verb + " " + what + (total < 0 ? "" : " (" + megabytes(total) + ")"));
    }
    if (total <= 0) {
      return;
    }
    boolean complete = done >= total;
    if (terminal && (complete || now - drawnNanos >= REDRAW_NANOS)) {
      draw(done, total, now);
      drawnNanos = now;
    } else if (!terminal && done * 10 / total > drawnTenth) {
      drawnTenth = (int) (done * 10 / total);
      err.println("  " + drawnTenth * 10 + " %");
    }
    if (complete) {
      close();
      startNanos = 0;
      drawnTenth = -1;
    }
    err.flush();
  }

  private void draw(long done, long total, long now) {
    int filled = (int) (WIDTH * done / total);
    double seconds = Math.max(1e-3, (now - startNanos) / 1e9);
    String bar = "#".repeat(filled) + "-".repeat(WIDTH - filled);
    String speed = "%.1f MB/s".formatted((done - startBytes) / 1e6 / seconds);
    err.print("\r  [" + bar + "] " + done * 100 / total + " %  " + speed + "   ");
    lineOpen = true;
  }

  @Override
  public void note(String message) {
    close();
    err.println("  " + message);
    err.flush();
  }

  /** Ends the line that is being rewritten, so that what follows starts on its own. */
  @Override
  public void close() {
    if (lineOpen) {
      err.println();
      err.flush();
      lineOpen = false;
    }
  }

  static String megabytes(long bytes) {
    return "%.1f MB".formatted(bytes / 1e6);
  }
}
