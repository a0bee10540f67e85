package dev.slipstream.engine.cache.encoding;

import java.nio.ByteOrder;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/** The vectors of the kernels, of which two or four cover the tokens of a block. */
final class TokenLanes {
  static final VectorSpecies<Float> F =
      FloatVector.SPECIES_PREFERRED.length() > 8
          ? FloatVector.SPECIES_256
          : FloatVector.SPECIES_PREFERRED;
  static final int LANES = F.length();
  static final ByteOrder ORDER = ByteOrder.nativeOrder();

  private TokenLanes() {}

  /** Whether this machine's vectors fit the tiles of the kernels. */
  static boolean fit() {
    return LANES == 4 || LANES == 8;
  }
}
