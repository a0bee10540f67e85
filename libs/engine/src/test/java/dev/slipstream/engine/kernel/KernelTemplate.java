package dev.slipstream.engine.kernel;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;

/**
 * Writes the classes of kernels that compute block sums. They differ in how a weight is read, and
 * their methods in how many groups, row vectors and activation rows are computed at a time, and in
 * nothing else; a loop over those would keep no sum in a register, and a method for what they share
 * would take or return vectors (see the package's notes).
 *
 * @param type name of the class
 * @param description its Javadoc, line by line
 * @param imports what it imports, in order; an empty line between static ones and others
 * @param constants lines before the constructor
 * @param shapes the kernels; those of {@link Shape#OF_ROWS} unless the codes want others
 * @param reader how a weight is read
 */
record KernelTemplate(
    String type,
    List<String> description,
    List<String> imports,
    List<String> constants,
    List<Shape> shapes,
    Reader reader) {

  /** How weights are read: expressions and statements of Java. */
  interface Reader {
    /**
     * Loads what row vectors [from, to) of a column need.
     *
     * @param w where the group's codes start
     * @param k the column
     * @param v name of the variable, or its start if there are several
     */
    List<String> loads(String w, String k, String v, int from, int to);

    /** The weights of row vector j of the column as a vector of floats. */
    String weights(String w, String k, String v, int j);
  }

  /** A range; end exclusive. */
  record Range(int from, int to) {
    int size() {
      return to - from;
    }

    IntStream each() {
      return IntStream.range(from, to);
    }
  }

  /**
   * A kernel.
   *
   * @param groups groups that are computed at a time: streams of memory that are read at a time
   * @param rows row vectors
   * @param tokens activation rows of the tile
   * @param used those of them that are computed
   * @param columns columns a turn of the loop
   */
  record Shape(
      String name, String comment, int groups, Range rows, int tokens, Range used, int columns) {
    static final List<Shape> OF_ROWS =
        List.of(
            of("one", "Four row vectors, one activation row; two columns a turn.", 1, 0, 4, 1, 2),
            of("oneOfTwo", "Four row vectors of two groups, one activation row.", 2, 0, 4, 1, 1),
            of(
                "oneOfThree",
                "Four row vectors of three groups, one activation row.",
                3,
                0,
                4,
                1,
                1),
            of("two", "Four row vectors, two activation rows.", 1, 0, 4, 2, 1),
            of(
                "twoOfThree",
                "Four row vectors of three groups, two activation rows.",
                3,
                0,
                4,
                2,
                1),
            of("fourLow", "The first two row vectors, four activation rows.", 1, 0, 2, 4, 1),
            of("fourHigh", "The last two row vectors, four activation rows.", 1, 2, 4, 4, 1),
            of("wide", "Four row vectors, four activation rows.", 1, 0, 4, 4, 1));

    private static Shape of(
        String name, String comment, int groups, int from, int to, int tokens, int columns) {
      return new Shape(
          name, comment, groups, new Range(from, to), tokens, new Range(0, tokens), columns);
    }

    /** The same kernel for all row vectors and some of the activation rows. */
    Shape ofTokens(String comment, int from, int to) {
      return new Shape(
          name,
          comment,
          groups,
          new Range(0, Kernels.ROW_VECTORS),
          tokens,
          new Range(from, to),
          columns);
    }

    private String sum(int group, int j, int t) {
      String sum = String.valueOf((char) ('a' + j - rows.from));
      return sum + (groups == 1 ? "" : group) + (tokens == 1 ? "" : t - used.from);
    }

    /** All sums: those of a group lie together, and in it those of a row vector. */
    private List<String> sums() {
      List<String> sums = new ArrayList<>();
      for (int g = 0; g < groups; g++) {
        for (int j = rows.from; j < rows.to; j++) {
          for (int t = used.from; t < used.to; t++) {
            sums.add(sum(g, j, t));
          }
        }
      }
      return sums;
    }
  }

  private static final String CHOICE =
      """
        /**
         * Block sums of some groups, {@code apart} bytes and {@code zApart} sums from one to the next.
         *
         * @param manyRegisters whether there are 32 vector registers
         */
        static void sum(
            boolean manyRegisters,
            long w,
            long apart,
            int groups,
            float[] x,
            int xo,
            int tokens,
            int columns,
            int block,
            float[] z,
            int zApart) {
          int g = 0;
          for (; tokens < 4 && manyRegisters && g + 2 < groups; g += 3) {
            long at = w + g * apart;
            int zo = g * zApart;
            if (tokens == 1) {
              oneOfThree(at, apart, x, xo, columns, block, z, zo, zApart);
            } else {
              twoOfThree(at, apart, x, xo, columns, block, z, zo, zApart);
            }
          }
          for (; tokens == 1 && g + 1 < groups; g += 2) {
            oneOfTwo(w + g * apart, apart, x, xo, columns, block, z, g * zApart, zApart);
          }
          for (; g < groups; g++) {
            long at = w + g * apart;
            int zo = g * zApart;
            if (tokens == 1) {
              one(at, x, xo, columns, block, z, zo);
            } else if (tokens == 2) {
              two(at, x, xo, columns, block, z, zo);
            } else if (manyRegisters) {
              wide(at, x, xo, columns, block, z, zo);
            } else {
              fourLow(at, x, xo, columns, block, z, zo);
              fourHigh(at, x, xo, columns, block, z, zo);
            }
          }
        }
      """;

  String source() {
    List<String> lines = new ArrayList<>();
    lines.add("package dev.slipstream.engine.kernel;");
    lines.add("");
    lines.addAll(imports);
    lines.add("");
    lines.add("/**");
    description.forEach(line -> lines.add(" * " + line));
    lines.add(" *");
    lines.add(" * <p>Written by KernelTemplate; see KernelTemplateTest.");
    lines.add(" */");
    lines.add("final class " + type + " {");
    lines.addAll(constants);
    lines.add("  private " + type + "() {}");
    lines.add("");
    CHOICE.lines().forEach(lines::add);
    for (Shape shape : shapes) {
      lines.add("");
      lines.addAll(kernel(shape));
    }
    lines.add("}");
    return String.join("\n", lines) + "\n";
  }

  private List<String> kernel(Shape s) {
    List<String> lines = new ArrayList<>();
    lines.add("  /** " + s.comment + " */");
    if (s.groups == 1) {
      lines.add(
          "  static void %s(long w, float[] x, int xo, int columns, int block, float[] z, int zo) {"
              .formatted(s.name));
    } else {
      lines.add("  static void " + s.name + "(");
      for (String p :
          List.of(
              "long w",
              "long apart",
              "float[] x",
              "int xo",
              "int columns",
              "int block",
              "float[] z",
              "int zo")) {
        lines.add("      " + p + ",");
      }
      lines.add("      int zApart) {");
    }
    for (int g = 1; g < s.groups; g++) {
      lines.add("    long %s = %s + apart;".formatted(base(g), base(g - 1)));
    }
    lines.add("    FloatVector zero = FloatVector.zero(F);");
    s.sums().forEach(sum -> lines.add("    FloatVector " + sum + " = zero;"));
    lines.add("    int p = zo%s;".formatted(plus(s.rows.from * s.tokens + s.used.from, "L")));
    lines.add(
        "    for (int k = 0; k < columns; %s) {"
            .formatted(s.columns == 1 ? "k++" : "k += " + s.columns));
    for (int c = 0; c < s.columns; c++) {
      column(s, c).forEach(line -> lines.add("      " + line));
    }
    lines.add("      if ((k & (block - 1)) == block - %d) {".formatted(s.columns));
    for (int g = 0; g < s.groups; g++) {
      for (int j = s.rows.from; j < s.rows.to; j++) {
        for (int t = s.used.from; t < s.used.to; t++) {
          int at = (j - s.rows.from) * s.tokens + t - s.used.from;
          lines.add(
              "        %s.intoArray(z, p%s%s);"
                  .formatted(s.sum(g, j, t), plus(g, "zApart"), plus(at, "L")));
        }
      }
    }
    lines.add("        p += %d * L;".formatted(Kernels.ROW_VECTORS * s.tokens));
    s.sums().forEach(sum -> lines.add("        " + sum + " = zero;"));
    lines.addAll(List.of("      }", "    }", "  }"));
    return lines;
  }

  /**
   * With up to two activation rows a weight is used as soon as it is read, with more when all are.
   */
  private List<String> column(Shape s, int c) {
    List<String> lines = new ArrayList<>();
    String k = c == 0 ? "k" : "(k + " + c + ")";
    boolean late = s.used.size() > 2;
    if (!late) {
      s.used.each().forEach(t -> lines.add(activation(s, k, c, t)));
    }
    for (int g = 0; g < s.groups; g++) {
      String v = "v" + (s.columns > 1 ? c : s.groups > 1 ? g : "");
      lines.addAll(reader.loads(base(g), k, v, s.rows.from, s.rows.to));
      for (int j = s.rows.from; j < s.rows.to; j++) {
        String weights = reader.weights(base(g), k, v, j);
        if (s.used.size() > 1) {
          String name = weight(s, g, j);
          lines.add("FloatVector %s = %s;".formatted(name, weights));
          weights = name;
        }
        for (int t = s.used.from; !late && t < s.used.to; t++) {
          lines.add(multiplyAdd(s, g, j, t, weights, c));
        }
      }
    }
    for (int t = s.used.from; late && t < s.used.to; t++) {
      lines.add(activation(s, k, c, t));
      for (int g = 0; g < s.groups; g++) {
        for (int j = s.rows.from; j < s.rows.to; j++) {
          lines.add(multiplyAdd(s, g, j, t, weight(s, g, j), c));
        }
      }
    }
    return lines;
  }

  private static String multiplyAdd(Shape s, int g, int j, int t, String weights, int c) {
    String sum = s.sum(g, j, t);
    return "%s = %s.fma(%s, %s);".formatted(sum, weights, x(s, c, t), sum);
  }

  private static String weight(Shape s, int g, int j) {
    return "u" + (s.groups == 1 ? "" : g) + (j - s.rows.from);
  }

  private static String activation(Shape s, String k, int c, int t) {
    String at = s.tokens == 1 ? k.replaceAll("[()]", "") : s.tokens + " * " + k;
    String constant = t == 0 ? "" : " + " + t;
    return "FloatVector %s = FloatVector.broadcast(F, x[xo + %s%s]);"
        .formatted(x(s, c, t), at, constant);
  }

  /** Several columns a turn go with one activation row. */
  private static String x(Shape s, int c, int t) {
    return "x" + (s.columns > 1 ? c : t - s.used.from);
  }

  private static String base(int group) {
    return "w" + (group == 0 ? "" : group);
  }

  private static String plus(int times, String unit) {
    return times == 0 ? "" : times == 1 ? " + " + unit : " + " + times + " * " + unit;
  }
}
