package dev.slipstream.engine.kernel;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
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

  /** The bits of a float16 that was moved to the place of a float's, three bits lower. */
  static final int HALF = 0x8fffe000;

  /** What a float of those bits is multiplied with. */
  static final float HALF_UNIT = 0x1p112f;

  private Lanes() {}
}
