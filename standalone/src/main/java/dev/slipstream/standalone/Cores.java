package dev.slipstream.standalone;

import java.util.OptionalInt;
import jdk.incubator.vector.FloatVector;

/** What the model computes with. */
final class Cores {

  private Cores() {}

  static String describe(OptionalInt threads) {
    int processors = Runtime.getRuntime().availableProcessors();
    int used = threads.orElse(processors);
    int bits = FloatVector.SPECIES_PREFERRED.vectorBitSize();
    return used + " threads on " + processors + " processors, vectors of " + bits + " bits";
  }
}
