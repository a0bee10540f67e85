package dev.slipstream.text.jinja;

/**
 * A token of a template.
 *
 * @param text of data, names, operators and strings (without quotes and escapes); digits of numbers
 * @param line from 1
 */
record Token(Kind kind, String text, int line) {

  enum Kind {
    DATA("template data / text"),
    VARIABLE_BEGIN("begin of print statement"),
    VARIABLE_END("end of print statement"),
    BLOCK_BEGIN("begin of statement block"),
    BLOCK_END("end of statement block"),
    NAME("name"),
    STRING("string"),
    INTEGER("integer"),
    FLOAT("float"),
    OPERATOR("operator"),
    END("end of template");

    private final String description;

    Kind(String description) {
      this.description = description;
    }
  }

  boolean is(Kind kind) {
    return this.kind == kind;
  }

  boolean isName(String name) {
    return kind == Kind.NAME && text.equals(name);
  }

  boolean isOperator(String operator) {
    return kind == Kind.OPERATOR && text.equals(operator);
  }

  String described() {
    return kind == Kind.NAME || kind == Kind.OPERATOR ? text : kind.description;
  }
}
