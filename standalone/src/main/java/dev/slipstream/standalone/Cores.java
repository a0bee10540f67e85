package dev.slipstream.standalone;

import jdk.incubator.vector.FloatVector;

/** What the model computes with. */
final class Cores {

  private Cores() {}

  static String describe(Integer threads) {
    int processors = Runtime.getRuntime().availableProcessors();
    int used = threads == null ? processors : threads;
    int bits = FloatVector.SPECIES_PREFERRED.vectorBitSize();
    return used + " threads on " + processors + " processors, vectors of " + bits + " bits";
  }
}
