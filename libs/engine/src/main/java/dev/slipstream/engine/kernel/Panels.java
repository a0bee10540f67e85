package dev.slipstream.engine.kernel;

import static dev.slipstream.engine.kernel.Lanes.BYTES;
import static dev.slipstream.engine.kernel.Lanes.HALF;
import static dev.slipstream.engine.kernel.Lanes.HALF_UNIT;
import static dev.slipstream.engine.kernel.Lanes.I;
import static dev.slipstream.engine.kernel.Lanes.L;
import static dev.slipstream.engine.kernel.Lanes.S;
import static dev.slipstream.engine.kernel.NativeMemory.ALL;
import static java.nio.ByteOrder.LITTLE_ENDIAN;
import static jdk.incubator.vector.VectorOperators.ASHR;
import static jdk.incubator.vector.VectorOperators.I2F;
import static jdk.incubator.vector.VectorOperators.LSHL;
import static jdk.incubator.vector.VectorOperators.LSHR;
import static jdk.incubator.vector.VectorOperators.ZERO_EXTEND_S2I;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;

/** Turns weights into floats, once for the many tiles of a long prompt. */
final class Panels {
  private static final int HIGH = 0xffff0000;

  private Panels() {}

  static void nibbles(long w, int n, long out) {
    for (int k = 0; k < n; k++) {
      ShortVector s = ShortVector.fromMemorySegment(S, ALL, w + 2L * L * k, LITTLE_ENDIAN);
      IntVector v = (IntVector) s.convertShape(ZERO_EXTEND_S2I, I, 0);
      long at = out + k * (4 * BYTES);
      FloatVector code = (FloatVector) v.and(0xf).convert(I2F, 0);
      code.intoMemorySegment(ALL, at, LITTLE_ENDIAN);
      code = (FloatVector) v.lanewise(LSHR, 4).and(0xf).convert(I2F, 0);
      code.intoMemorySegment(ALL, at + BYTES, LITTLE_ENDIAN);
      code = (FloatVector) v.lanewise(LSHR, 8).and(0xf).convert(I2F, 0);
      code.intoMemorySegment(ALL, at + 2 * BYTES, LITTLE_ENDIAN);
      code = (FloatVector) v.lanewise(LSHR, 12).convert(I2F, 0);
      code.intoMemorySegment(ALL, at + 3 * BYTES, LITTLE_ENDIAN);
    }
  }

  static void bytes(long w, int n, long out) {
    for (int k = 0; k < n; k++) {
      IntVector v = IntVector.fromMemorySegment(I, ALL, w + k * BYTES, LITTLE_ENDIAN);
      long at = out + k * (4 * BYTES);
      FloatVector code = (FloatVector) v.lanewise(LSHL, 24).lanewise(ASHR, 24).convert(I2F, 0);
      code.intoMemorySegment(ALL, at, LITTLE_ENDIAN);
      code = (FloatVector) v.lanewise(LSHL, 16).lanewise(ASHR, 24).convert(I2F, 0);
      code.intoMemorySegment(ALL, at + BYTES, LITTLE_ENDIAN);
      code = (FloatVector) v.lanewise(LSHL, 8).lanewise(ASHR, 24).convert(I2F, 0);
      code.intoMemorySegment(ALL, at + 2 * BYTES, LITTLE_ENDIAN);
      code = (FloatVector) v.lanewise(ASHR, 24).convert(I2F, 0);
      code.intoMemorySegment(ALL, at + 3 * BYTES, LITTLE_ENDIAN);
    }
  }

  static void halves(long w, int n, long out) {
    for (int i = 0; i < 2 * n; i++) {
      IntVector v = IntVector.fromMemorySegment(I, ALL, w + i * BYTES, LITTLE_ENDIAN);
      long at = out + i * (2 * BYTES);
      IntVector bits = v.lanewise(LSHL, 16).lanewise(ASHR, 3).and(HALF);
      bits.reinterpretAsFloats().mul(HALF_UNIT).intoMemorySegment(ALL, at, LITTLE_ENDIAN);
      bits = v.lanewise(ASHR, 3).and(HALF);
      bits.reinterpretAsFloats().mul(HALF_UNIT).intoMemorySegment(ALL, at + BYTES, LITTLE_ENDIAN);
    }
  }

  static void brains(long w, int n, long out) {
    for (int i = 0; i < 2 * n; i++) {
      IntVector v = IntVector.fromMemorySegment(I, ALL, w + i * BYTES, LITTLE_ENDIAN);
      long at = out + i * (2 * BYTES);
      v.lanewise(LSHL, 16).intoMemorySegment(ALL, at, LITTLE_ENDIAN);
      v.and(HIGH).intoMemorySegment(ALL, at + BYTES, LITTLE_ENDIAN);
    }
  }
}
