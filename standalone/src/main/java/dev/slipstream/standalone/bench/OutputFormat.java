package dev.slipstream.standalone.bench;

import java.util.Locale;

/** How a report is written. */
public enum OutputFormat {
  MD,
  JSON,
  CSV;

  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }
}
