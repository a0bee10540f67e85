package dev.slipstream.system.cluster;

import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.api.Assumptions;

/** What a test needs of a cluster: without it, it is skipped, but on a CI server it fails. */
final class Requirement {
  private Requirement() {}

  static void of(boolean met, String otherwise) {
    if (System.getenv("CI") != null) {
      Assertions.assertTrue(met, otherwise);
    }
    Assumptions.assumeTrue(met, otherwise);
  }
}
