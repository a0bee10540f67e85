package dev.slipstream.engine.quantization;

import dev.slipstream.models.gguf.GgmlType;

/**
 * What a model file can be rewritten in. As in llama.cpp, the name says what most matrices are in;
 * {@link FormatRules} has the exceptions.
 */
public enum TargetFormat {
  F32(GgmlType.F32, 0),
  F16(GgmlType.F16, 1),
  BF16(GgmlType.BF16, 32),
  Q8_0(GgmlType.Q8_0, 7),
  Q4_0(GgmlType.Q4_0, 2),
  Q4_1(GgmlType.Q4_1, 3),
  Q5_0(GgmlType.Q5_0, 8),
  Q5_1(GgmlType.Q5_1, 9),
  /** Known as Q4_K_M too. */
  Q4_K(GgmlType.Q4_K, 15),
  /** Known as Q5_K_M too. */
  Q5_K(GgmlType.Q5_K, 17),
  Q6_K(GgmlType.Q6_K, 18);

  private final GgmlType type;
  private final int fileType;

  TargetFormat(GgmlType type, int fileType) {
    this.type = type;
    this.fileType = fileType;
  }

  GgmlType type() {
    return type;
  }

  /** The value of {@code general.file_type}. */
  int fileType() {
    return fileType;
  }

  boolean isQuantized() {
    return type.blockElements() > 1;
  }
}
