package dev.slipstream.models.gguf;

import java.util.Arrays;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * The weight formats that can be computed with. A row is a sequence of blocks; a block stores
 * {@link #blockElements} numbers in {@link #blockBytes} bytes.
 */
public enum GgmlType {
  F32(0, 1, 4),
  F16(1, 1, 2),
  BF16(30, 1, 2),
  Q8_0(8, 32, 34),
  Q4_0(2, 32, 18),
  Q4_1(3, 32, 20),
  Q5_0(6, 32, 22),
  Q5_1(7, 32, 24),
  Q2_K(10, 256, 84),
  Q3_K(11, 256, 110),
  Q4_K(12, 256, 144),
  Q5_K(13, 256, 176),
  Q6_K(14, 256, 210);

  private static final int KNOWN_IDS = 43;

  private final int id;
  private final int blockElements;
  private final int blockBytes;

  GgmlType(int id, int blockElements, int blockBytes) {
    this.id = id;
    this.blockElements = blockElements;
    this.blockBytes = blockBytes;
  }

  /** The number that stands for this format in a file. */
  public int id() {
    return id;
  }

  public int blockElements() {
    return blockElements;
  }

  public int blockBytes() {
    return blockBytes;
  }

  /**
   * Bytes of a row.
   *
   * @param elements a multiple of {@link #blockElements}
   */
  public long rowBytes(long elements) {
    return elements / blockElements * blockBytes;
  }

  static Optional<GgmlType> of(int id) {
    return Arrays.stream(values()).filter(type -> type.id == id).findFirst();
  }

  static String supported() {
    return Arrays.stream(values()).map(Enum::name).collect(Collectors.joining(", "));
  }

  /** The format's name in ggml, also for formats that are not supported here. */
  static String nameOf(int id) {
    Optional<GgmlType> known = of(id);
    if (known.isPresent()) {
      return known.get().name();
    }
    return switch (id) {
      case 4 -> "Q4_2 (removed from ggml)";
      case 5 -> "Q4_3 (removed from ggml)";
      case 9 -> "Q8_1";
      case 15 -> "Q8_K";
      case 16 -> "IQ2_XXS";
      case 17 -> "IQ2_XS";
      case 18 -> "IQ3_XXS";
      case 19 -> "IQ1_S";
      case 20 -> "IQ4_NL";
      case 21 -> "IQ3_S";
      case 22 -> "IQ2_S";
      case 23 -> "IQ4_XS";
      case 24 -> "I8";
      case 25 -> "I16";
      case 26 -> "I32";
      case 27 -> "I64";
      case 28 -> "F64";
      case 29 -> "IQ1_M";
      case 31 -> "Q4_0_4_4 (removed from ggml)";
      case 32 -> "Q4_0_4_8 (removed from ggml)";
      case 33 -> "Q4_0_8_8 (removed from ggml)";
      case 34 -> "TQ1_0";
      case 35 -> "TQ2_0";
      case 36 -> "IQ4_NL_4_4 (removed from ggml)";
      case 37 -> "IQ4_NL_4_8 (removed from ggml)";
      case 38 -> "IQ4_NL_8_8 (removed from ggml)";
      case 39 -> "MXFP4";
      case 40 -> "NVFP4";
      case 41 -> "Q1_0";
      case 42 -> "Q2_0";
      default ->
          "number " + Integer.toUnsignedString(id) + " (ggml knows 0 to " + (KNOWN_IDS - 1) + ")";
    };
  }
}
