package dev.slipstream.engine.kernel;

import static dev.slipstream.engine.kernel.Lanes.BYTES;
import static dev.slipstream.engine.kernel.Lanes.L;
import static dev.slipstream.engine.kernel.Lanes.highHalf;
import static dev.slipstream.engine.kernel.Lanes.ints;
import static dev.slipstream.engine.kernel.Lanes.lowHalf;
import static dev.slipstream.engine.kernel.Lanes.real;
import static dev.slipstream.engine.kernel.Lanes.shorts;
import static dev.slipstream.engine.kernel.Lanes.store;
import static jdk.incubator.vector.VectorOperators.ASHR;
import static jdk.incubator.vector.VectorOperators.LSHL;
import static jdk.incubator.vector.VectorOperators.LSHR;

import jdk.incubator.vector.IntVector;

/** Turns weights into floats, once for the many tiles of a long prompt. */
final class Panels {
  private static final int HIGH = 0xffff0000;

  private Panels() {}

  static void nibbles(long w, int n, long out) {
    for (int k = 0; k < n; k++) {
      IntVector v = shorts(w + 2L * L * k);
      long at = out + 4 * k * BYTES;
      store(real(v.and(0xf)), at);
      store(real(v.lanewise(LSHR, 4).and(0xf)), at + BYTES);
      store(real(v.lanewise(LSHR, 8).and(0xf)), at + 2 * BYTES);
      store(real(v.lanewise(LSHR, 12)), at + 3 * BYTES);
    }
  }

  static void bytes(long w, int n, long out) {
    for (int k = 0; k < n; k++) {
      IntVector v = ints(w + k * BYTES);
      long at = out + 4 * k * BYTES;
      store(real(v.lanewise(LSHL, 24).lanewise(ASHR, 24)), at);
      store(real(v.lanewise(LSHL, 16).lanewise(ASHR, 24)), at + BYTES);
      store(real(v.lanewise(LSHL, 8).lanewise(ASHR, 24)), at + 2 * BYTES);
      store(real(v.lanewise(ASHR, 24)), at + 3 * BYTES);
    }
  }

  static void halves(long w, int n, long out) {
    for (int i = 0; i < 2 * n; i++) {
      IntVector v = ints(w + i * BYTES);
      store(lowHalf(v), out + 2 * i * BYTES);
      store(highHalf(v), out + (2 * i + 1) * BYTES);
    }
  }

  static void brains(long w, int n, long out) {
    for (int i = 0; i < 2 * n; i++) {
      IntVector v = ints(w + i * BYTES);
      store(v.lanewise(LSHL, 16).reinterpretAsFloats(), out + 2 * i * BYTES);
      store(v.and(HIGH).reinterpretAsFloats(), out + (2 * i + 1) * BYTES);
    }
  }
}
