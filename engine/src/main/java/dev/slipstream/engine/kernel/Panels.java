package dev.slipstream.engine.kernel;

import static dev.slipstream.engine.kernel.Lanes.I;
import static dev.slipstream.engine.kernel.Lanes.L;
import static dev.slipstream.engine.kernel.Lanes.S;
import static dev.slipstream.engine.kernel.Lanes.real;
import static jdk.incubator.vector.VectorOperators.ASHR;
import static jdk.incubator.vector.VectorOperators.LSHL;
import static jdk.incubator.vector.VectorOperators.LSHR;
import static jdk.incubator.vector.VectorOperators.ZERO_EXTEND_S2I;

import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;

/** Turns weights into floats, once for the many tiles of a long prompt. */
final class Panels {
  private static final int HIGH = 0xffff0000;

  private Panels() {}

  static void nibbles(short[] w, int o, int n, float[] out) {
    for (int k = 0; k < n; k++) {
      IntVector v =
          (IntVector) ShortVector.fromArray(S, w, o + k * L).convertShape(ZERO_EXTEND_S2I, I, 0);
      int at = 4 * k * L;
      real(v.and(0xf)).intoArray(out, at);
      real(v.lanewise(LSHR, 4).and(0xf)).intoArray(out, at + L);
      real(v.lanewise(LSHR, 8).and(0xf)).intoArray(out, at + 2 * L);
      real(v.lanewise(LSHR, 12)).intoArray(out, at + 3 * L);
    }
  }

  static void bytes(int[] w, int o, int n, float[] out) {
    for (int k = 0; k < n; k++) {
      IntVector v = IntVector.fromArray(I, w, o + k * L);
      int at = 4 * k * L;
      real(v.lanewise(LSHL, 24).lanewise(ASHR, 24)).intoArray(out, at);
      real(v.lanewise(LSHL, 16).lanewise(ASHR, 24)).intoArray(out, at + L);
      real(v.lanewise(LSHL, 8).lanewise(ASHR, 24)).intoArray(out, at + 2 * L);
      real(v.lanewise(ASHR, 24)).intoArray(out, at + 3 * L);
    }
  }

  static void halves(int[] w, int o, int n, float[] out) {
    for (int i = 0; i < 2 * n; i++) {
      IntVector v = IntVector.fromArray(I, w, o + i * L);
      Lanes.lowHalf(v).intoArray(out, 2 * i * L);
      Lanes.highHalf(v).intoArray(out, (2 * i + 1) * L);
    }
  }

  static void brains(int[] w, int o, int n, float[] out) {
    for (int i = 0; i < 2 * n; i++) {
      IntVector v = IntVector.fromArray(I, w, o + i * L);
      v.lanewise(LSHL, 16).reinterpretAsFloats().intoArray(out, 2 * i * L);
      v.and(HIGH).reinterpretAsFloats().intoArray(out, (2 * i + 1) * L);
    }
  }
}
