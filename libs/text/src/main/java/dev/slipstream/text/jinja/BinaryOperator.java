package dev.slipstream.text.jinja;

/** Arithmetic operators with two operands. */
enum BinaryOperator {
  ADD("+"),
  SUBTRACT("-"),
  MULTIPLY("*"),
  DIVIDE("/"),
  FLOOR_DIVIDE("//"),
  MODULO("%"),
  POWER("**");

  private final String sign;

  BinaryOperator(String sign) {
    this.sign = sign;
  }

  String sign() {
    return sign;
  }
}
