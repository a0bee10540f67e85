package dev.slipstream.engine.kernel;

import dev.slipstream.engine.kernel.KernelTemplate.Reader;
import dev.slipstream.engine.kernel.KernelTemplate.Shape;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/**
 * The classes of kernels that are written by {@link KernelTemplate}: one for each kind of codes.
 */
enum BlockSumKernels implements Reader {
  NIBBLES(
      "NibbleKernels",
      List.of(
          "Block sums of four-bit codes: the short of a column holds the codes of four rows. Nibble j is",
          "used in its place, so a block sum of row vector j is 16^j times too large, which {@link",
          "VectorKernels#finish} takes out again: exact, and no shift is needed."),
      List.of("I", "S"),
      List.of("I2F", "ZERO_EXTEND_S2I"),
      List.of("  /** Bytes of a column. */", "  private static final long COLUMN = 2L * L;", "")) {
    @Override
    public List<String> loads(String w, String k, String v, int from, int to) {
      return List.of(
          "ShortVector s%s = ShortVector.fromMemorySegment(S, ALL, %s + %s * COLUMN, LITTLE_ENDIAN);"
              .formatted(v, w, k),
          "IntVector %s = (IntVector) s%s.convertShape(ZERO_EXTEND_S2I, I, 0);".formatted(v, v));
    }

    @Override
    public String weights(String w, String k, String v, int j) {
      return real("%s.and(0x%x)".formatted(v, 0xf << 4 * j));
    }
  },
  BYTES(
      "ByteKernels",
      List.of(
          "Block sums of signed eight-bit codes: the int of a column holds the codes of four rows. Each code",
          "is used in the highest byte of its lane, so block sums are 2^24 times too large, which {@link",
          "VectorKernels#finish} takes out again: exact, and one operation a code suffices."),
      List.of("BYTES", "I"),
      List.of("I2F", "LSHL"),
      List.of("  private static final int TOP = 0xff000000;", "")) {
    @Override
    public List<String> loads(String w, String k, String v, int from, int to) {
      return List.of(ints(v, "%s + %s * BYTES".formatted(w, k)));
    }

    @Override
    public String weights(String w, String k, String v, int j) {
      return switch (j) {
        case 0 -> real(v + ".lanewise(LSHL, 24)");
        case 3 -> real(v + ".and(TOP)");
        default -> real("%s.lanewise(LSHL, %d).and(TOP)".formatted(v, 24 - 8 * j));
      };
    }
  },
  HALVES(
      "HalfKernels",
      List.of(
          "Block sums of finite float16 weights: an int holds the weights of two rows. The bits of a",
          "float16, moved to the place of a float's, are the number times 2^-112; activations are taken",
          "times 2^64, so that products stay clear of the subnormal floats, and {@link VectorKernels#finish}",
          "takes out what is left."),
      List.of("BYTES", "HALF", "I"),
      List.of("ASHR", "LSHL"),
      List.of(
          "  /** What a block sum must be multiplied with. */",
          "  static final float UNIT = 0x1p112f / Kernels.HALF_INPUT_UNIT;",
          "")) {
    @Override
    public List<String> loads(String w, String k, String v, int from, int to) {
      return pairs(w, k, v, from, to);
    }

    @Override
    public String weights(String w, String k, String v, int j) {
      String high = j % 2 == 0 ? ".lanewise(LSHL, 16)" : "";
      return v + "ab".charAt(j / 2) + high + ".lanewise(ASHR, 3).and(HALF).reinterpretAsFloats()";
    }
  },
  BRAINS(
      "BrainKernels",
      List.of(
          "Block sums of bfloat16 weights: an int holds the weights of two rows. A bfloat16 is the upper",
          "half of a float."),
      List.of("BYTES", "I"),
      List.of("LSHL"),
      List.of("  private static final int HIGH = 0xffff0000;", "")) {
    @Override
    public List<String> loads(String w, String k, String v, int from, int to) {
      return pairs(w, k, v, from, to);
    }

    @Override
    public String weights(String w, String k, String v, int j) {
      String high = j % 2 == 0 ? ".lanewise(LSHL, 16)" : ".and(HIGH)";
      return v + "ab".charAt(j / 2) + high + ".reinterpretAsFloats()";
    }
  },
  FLOATS(
      "FloatKernels",
      List.of("Block sums of float32 weights."),
      List.of("BYTES"),
      List.of(),
      List.of()) {
    @Override
    public List<String> loads(String w, String k, String v, int from, int to) {
      return List.of("long %s = %s + %s * (4 * BYTES);".formatted(v, w, k));
    }

    @Override
    public String weights(String w, String k, String v, int j) {
      String at = j == 0 ? v : j == 1 ? v + " + BYTES" : v + " + " + j + " * BYTES";
      return "FloatVector.fromMemorySegment(F, ALL, %s, LITTLE_ENDIAN)".formatted(at);
    }

    /** C2 makes slower code of two row vectors and four activation rows. */
    @Override
    Shape shape(Shape ofRows) {
      return switch (ofRows.name()) {
        case "fourLow" ->
            ofRows.ofTokens("Four row vectors, the first two of four activation rows.", 0, 2);
        case "fourHigh" ->
            ofRows.ofTokens("Four row vectors, the last two of four activation rows.", 2, 4);
        default -> ofRows;
      };
    }
  };

  final String type;
  private final List<String> description;
  private final List<String> lanes;
  private final List<String> operators;
  private final List<String> constants;

  /**
   * @param lanes what is imported of {@link Lanes}, beside what all need
   * @param operators what is imported of the Vector API's operators
   */
  BlockSumKernels(
      String type,
      List<String> description,
      List<String> lanes,
      List<String> operators,
      List<String> constants) {
    this.type = type;
    this.description = description;
    this.lanes = lanes;
    this.operators = operators;
    this.constants = constants;
  }

  /** The class's source, as it is formatted. */
  String source() {
    return new KernelTemplate(
            type,
            description,
            imports(),
            constants,
            Shape.OF_ROWS.stream().map(this::shape).toList(),
            this)
        .source();
  }

  Shape shape(Shape ofRows) {
    return ofRows;
  }

  private List<String> imports() {
    List<String> lines = new ArrayList<>();
    Stream.concat(Stream.of("F", "L"), lanes.stream())
        .sorted()
        .forEach(
            name ->
                lines.add("import static dev.slipstream.engine.kernel.Lanes.%s;".formatted(name)));
    lines.add("import static dev.slipstream.engine.kernel.NativeMemory.ALL;");
    lines.add("import static java.nio.ByteOrder.LITTLE_ENDIAN;");
    operators.forEach(
        name ->
            lines.add("import static jdk.incubator.vector.VectorOperators.%s;".formatted(name)));
    lines.add("");
    lines.add("import jdk.incubator.vector.FloatVector;");
    if (this != FLOATS) {
      lines.add("import jdk.incubator.vector.IntVector;");
    }
    if (this == NIBBLES) {
      lines.add("import jdk.incubator.vector.ShortVector;");
    }
    return lines;
  }

  private static List<String> pairs(String w, String k, String v, int from, int to) {
    List<String> loads = new ArrayList<>();
    loads.add("long q%s = %s + %s * (2 * BYTES);".formatted(v, w, k));
    for (int half = from / 2; half < to / 2; half++) {
      loads.add(ints(v + "ab".charAt(half), "q" + v + (half == 0 ? "" : " + BYTES")));
    }
    return loads;
  }

  private static String ints(String v, String at) {
    return "IntVector %s = IntVector.fromMemorySegment(I, ALL, %s, LITTLE_ENDIAN);"
        .formatted(v, at);
  }

  private static String real(String ints) {
    return "((FloatVector) %s.convert(I2F, 0))".formatted(ints);
  }
}
