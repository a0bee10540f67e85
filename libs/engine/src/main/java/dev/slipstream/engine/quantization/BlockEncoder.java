package dev.slipstream.engine.quantization;

import dev.slipstream.models.gguf.GgmlType;

/** Turns numbers into stored blocks of one format. May keep scratch memory: one per thread. */
sealed interface BlockEncoder
    permits AffineEncoder,
        ByteEncoder,
        RealEncoder,
        SixBitEncoder,
        SuperBlockEncoder,
        SymmetricEncoder {

  /**
   * Encodes the block x[at ..] to out[o ..].
   *
   * @throws ArithmeticException if a number cannot be stored: it is not finite, or too large
   */
  void encode(float[] x, int at, byte[] out, int o);

  static BlockEncoder of(GgmlType type) {
    return switch (type) {
      case F32, F16, BF16 -> new RealEncoder(type);
      case Q8_0 -> new ByteEncoder();
      case Q4_0 -> new SymmetricEncoder(4);
      case Q5_0 -> new SymmetricEncoder(5);
      case Q4_1 -> new AffineEncoder(4);
      case Q5_1 -> new AffineEncoder(5);
      case Q4_K -> new SuperBlockEncoder(4);
      case Q5_K -> new SuperBlockEncoder(5);
      case Q6_K -> new SixBitEncoder();
      case Q2_K, Q3_K -> throw new IllegalArgumentException(type + " cannot be written");
    };
  }
}
