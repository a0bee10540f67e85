package dev.slipstream.engine.tensor;

import dev.slipstream.models.gguf.GgmlType;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/**
 * How the quantised formats of ggml store a block. Every format comes down to integer codes with a
 * scale and an optional minimum for each sub-block; both are exact in float (a product of a half
 * and a small integer). Formats whose codes are unsigned with an implied offset state it as a
 * minimum, so that their codes fit four bits.
 */
enum QuantFormat {
  Q4_0(GgmlType.Q4_0, 4, 32, Mins.MINUS_8_SCALES) {
    @Override
    void decode(MemorySegment s, long o, QuantBlock b) {
      b.scales[0] = half(s, o);
      b.mins[0] = mins.factor * b.scales[0];
      nibbles(s, o + 2, b.codes, 0, 16);
    }
  },
  Q4_1(GgmlType.Q4_1, 4, 32, Mins.STORED) {
    @Override
    void decode(MemorySegment s, long o, QuantBlock b) {
      b.scales[0] = half(s, o);
      b.mins[0] = half(s, o + 2);
      nibbles(s, o + 4, b.codes, 0, 16);
    }
  },
  Q5_0(GgmlType.Q5_0, 8, 32, Mins.NONE) {
    @Override
    void decode(MemorySegment s, long o, QuantBlock b) {
      b.scales[0] = half(s, o);
      nibbles(s, o + 6, b.codes, 0, 16);
      fifthBits(s.get(INT, o + 2), b.codes, -16);
    }
  },
  Q5_1(GgmlType.Q5_1, 8, 32, Mins.STORED) {
    @Override
    void decode(MemorySegment s, long o, QuantBlock b) {
      b.scales[0] = half(s, o);
      b.mins[0] = half(s, o + 2);
      nibbles(s, o + 8, b.codes, 0, 16);
      fifthBits(s.get(INT, o + 4), b.codes, 0);
    }
  },
  Q8_0(GgmlType.Q8_0, 8, 32, Mins.NONE) {
    @Override
    void decode(MemorySegment s, long o, QuantBlock b) {
      b.scales[0] = half(s, o);
      for (int i = 0; i < 32; i++) {
        b.codes[i] = s.get(ValueLayout.JAVA_BYTE, o + 2 + i);
      }
    }
  },
  Q2_K(GgmlType.Q2_K, 4, 16, Mins.STORED) {
    @Override
    void decode(MemorySegment s, long o, QuantBlock b) {
      b.factor = half(s, o + 80);
      b.minFactor = -half(s, o + 82);
      for (int i = 0; i < 16; i++) {
        int packed = unsigned(s, o + i);
        b.setScale(i, packed & 15, packed >> 4);
      }
      for (int i = 0; i < 256; i++) {
        b.codes[i] = pair(s, o + 16, i);
      }
    }
  },
  Q3_K(GgmlType.Q3_K, 4, 16, Mins.MINUS_4_SCALES) {
    @Override
    void decode(MemorySegment s, long o, QuantBlock b) {
      b.factor = half(s, o + 108);
      for (int i = 0; i < 16; i++) {
        int low = (unsigned(s, o + 96 + (i & 7)) >> (i & 8) / 2) & 15;
        int high = (unsigned(s, o + 104 + (i & 3)) >> (i >> 2) * 2) & 3;
        b.setScale(i, (low | high << 4) - 32, 0);
        b.mins[i] = mins.factor * b.scales[i];
      }
      for (int i = 0; i < 256; i++) {
        int third = (unsigned(s, o + (i & 31)) >> (i >> 5)) & 1;
        b.codes[i] = pair(s, o + 32, i) + 4 * third;
      }
    }
  },
  Q4_K(GgmlType.Q4_K, 4, 32, Mins.STORED) {
    @Override
    void decode(MemorySegment s, long o, QuantBlock b) {
      sixBitScales(s, o, b);
      for (int i = 0; i < 4; i++) {
        nibbles(s, o + 16 + 32L * i, b.codes, 64 * i, 32);
      }
    }
  },
  Q5_K(GgmlType.Q5_K, 8, 32, Mins.STORED) {
    @Override
    void decode(MemorySegment s, long o, QuantBlock b) {
      sixBitScales(s, o, b);
      for (int i = 0; i < 4; i++) {
        nibbles(s, o + 48 + 32L * i, b.codes, 64 * i, 32);
      }
      for (int i = 0; i < 256; i++) {
        b.codes[i] += ((unsigned(s, o + 16 + (i & 31)) >> (i >> 5)) & 1) << 4;
      }
    }
  },
  Q6_K(GgmlType.Q6_K, 8, 16, Mins.NONE) {
    @Override
    void decode(MemorySegment s, long o, QuantBlock b) {
      b.factor = half(s, o + 208);
      for (int i = 0; i < 16; i++) {
        b.setScale(i, s.get(ValueLayout.JAVA_BYTE, o + 192 + i), 0);
      }
      nibbles(s, o, b.codes, 0, 64);
      nibbles(s, o + 64, b.codes, 128, 64);
      for (int i = 0; i < 256; i++) {
        b.codes[i] += (pair(s, o + 128, i) << 4) - 32;
      }
    }
  };

  /** What a sub-block's minimum is. */
  enum Mins {
    NONE(0),
    STORED(1),
    MINUS_4_SCALES(-4),
    MINUS_8_SCALES(-8);

    /** Minimum in terms of what is stored for it: itself, or else the scale. */
    final int factor;

    Mins(int factor) {
      this.factor = factor;
    }
  }

  private static final int HALF_EXPONENT = 0x7c00;
  private static final ValueLayout.OfShort SHORT =
      ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfInt INT =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  final GgmlType type;

  /** Bits that hold a code: 4 (0 to 15) or 8 (-128 to 127). */
  final int codeBits;

  /** Elements that share a scale. */
  final int subBlock;

  final Mins mins;

  QuantFormat(GgmlType type, int codeBits, int subBlock, Mins mins) {
    this.type = type;
    this.codeBits = codeBits;
    this.subBlock = subBlock;
    this.mins = mins;
  }

  /** Whether scales are multiples of one factor for each block of 256. */
  final boolean hasSuperBlocks() {
    return type.blockElements() > subBlock;
  }

  /**
   * Whether the float16 numbers of the block at offset o are finite: its scale and minimum, or what
   * all of those are multiples of.
   */
  final boolean hasFiniteHalves(MemorySegment s, long o) {
    long at = o + halves();
    return isFinite(s, at) && (mins != Mins.STORED || isFinite(s, at + 2));
  }

  /** Where a block's float16 numbers are. */
  private int halves() {
    return switch (this) {
      case Q4_0, Q4_1, Q5_0, Q5_1, Q8_0, Q4_K, Q5_K -> 0;
      case Q2_K -> 80;
      case Q3_K -> 108;
      case Q6_K -> 208;
    };
  }

  /** Decodes the block that starts at offset o. */
  abstract void decode(MemorySegment s, long o, QuantBlock b);

  private static boolean isFinite(MemorySegment s, long o) {
    return (s.get(SHORT, o) & HALF_EXPONENT) != HALF_EXPONENT;
  }

  private static float half(MemorySegment s, long o) {
    return Float.float16ToFloat(s.get(SHORT, o));
  }

  private static int unsigned(MemorySegment s, long o) {
    return s.get(ValueLayout.JAVA_BYTE, o) & 0xff;
  }

  /** The low nibbles of n bytes, then their high nibbles. */
  private static void nibbles(MemorySegment s, long o, int[] codes, int at, int n) {
    for (int i = 0; i < n; i++) {
      int v = unsigned(s, o + i);
      codes[at + i] = v & 15;
      codes[at + n + i] = v >> 4;
    }
  }

  private static void fifthBits(int bits, int[] codes, int offset) {
    for (int i = 0; i < 32; i++) {
      codes[i] += ((bits >>> i & 1) << 4) + offset;
    }
  }

  /** Two-bit field i of 256: byte l of a 32-byte half holds elements l, l+32, l+64 and l+96. */
  private static int pair(MemorySegment s, long o, int i) {
    return (unsigned(s, o + (i >> 7) * 32L + (i & 31)) >> ((i >> 5) & 3) * 2) & 3;
  }

  private static void sixBitScales(MemorySegment s, long o, QuantBlock b) {
    b.factor = half(s, o);
    b.minFactor = -half(s, o + 2);
    long p = o + 4;
    for (int i = 0; i < 8; i++) {
      int scale;
      int min;
      if (i < 4) {
        scale = unsigned(s, p + i) & 63;
        min = unsigned(s, p + i + 4) & 63;
      } else {
        int low = unsigned(s, p + i + 4);
        scale = (low & 15) | (unsigned(s, p + i - 4) >> 6) << 4;
        min = (low >> 4) | (unsigned(s, p + i) >> 6) << 4;
      }
      b.setScale(i, scale, min);
    }
  }
}
