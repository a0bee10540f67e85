package dev.slipstream.engine.kernel;

import static java.nio.ByteOrder.LITTLE_ENDIAN;
import static jdk.incubator.vector.VectorOperators.ASHR;
import static jdk.incubator.vector.VectorOperators.I2F;
import static jdk.incubator.vector.VectorOperators.LSHL;
import static jdk.incubator.vector.VectorOperators.ZERO_EXTEND_S2I;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;
import jdk.incubator.vector.VectorShape;
import jdk.incubator.vector.VectorSpecies;

/** The vectors of this machine. The kernels are compiled for one size, so it is a constant. */
final class Lanes {
  static final VectorSpecies<Float> F = FloatVector.SPECIES_PREFERRED;
  static final VectorSpecies<Integer> I = IntVector.SPECIES_PREFERRED;

  /** Shorts that widen to the ints of one vector. */
  static final VectorSpecies<Short> S =
      VectorSpecies.of(short.class, VectorShape.forBitSize(F.vectorBitSize() / 2));

  static final int L = F.length();

  /** Bytes of a vector. */
  static final long BYTES = 4L * L;

  private static final int HALF_BITS = 0x8fffe000;
  private static final float HALF_UNIT = 0x1p112f;

  private Lanes() {}

  static FloatVector floats(long address) {
    return FloatVector.fromMemorySegment(F, NativeMemory.ALL, address, LITTLE_ENDIAN);
  }

  static IntVector ints(long address) {
    return IntVector.fromMemorySegment(I, NativeMemory.ALL, address, LITTLE_ENDIAN);
  }

  /** Unsigned shorts as ints. */
  static IntVector shorts(long address) {
    ShortVector v = ShortVector.fromMemorySegment(S, NativeMemory.ALL, address, LITTLE_ENDIAN);
    return (IntVector) v.convertShape(ZERO_EXTEND_S2I, I, 0);
  }

  static void store(FloatVector v, long address) {
    v.intoMemorySegment(NativeMemory.ALL, address, LITTLE_ENDIAN);
  }

  static FloatVector broadcast(float x) {
    return FloatVector.broadcast(F, x);
  }

  static FloatVector real(IntVector v) {
    return (FloatVector) v.convert(I2F, 0);
  }

  /** The float16 in the low half of each lane, which must be finite. */
  static FloatVector lowHalf(IntVector v) {
    return highHalf(v.lanewise(LSHL, 16));
  }

  /** The float16 in the high half of each lane, which must be finite. */
  static FloatVector highHalf(IntVector v) {
    return v.lanewise(ASHR, 3).and(HALF_BITS).reinterpretAsFloats().mul(HALF_UNIT);
  }
}
