package dev.slipstream.text.jinja;

/** Escapes in the string literals of a template: those of Python's "unicode-escape". */
final class StringLiteral {

  private final String source;
  private final int line;
  private final StringBuilder out = new StringBuilder();
  private int at;

  private StringLiteral(String source, int line) {
    this.source = source;
    this.line = line;
  }

  /**
   * @param source without the quotes
   * @throws JinjaException if an escape is not complete or stands for no character
   */
  static String decode(String source, int line) {
    return source.indexOf('\\') < 0 ? source : new StringLiteral(source, line).decode();
  }

  private String decode() {
    while (at < source.length()) {
      char c = source.charAt(at++);
      if (c == '\\') {
        escape();
      } else {
        out.append(c);
      }
    }
    return out.toString();
  }

  private void escape() {
    int c = source.codePointAt(at);
    at += Character.charCount(c);
    switch (c) {
      case '\n' -> {}
      case '\\', '\'', '"' -> out.append((char) c);
      case 'a' -> out.append('\u0007');
      case 'b' -> out.append('\b');
      case 'f' -> out.append('\f');
      case 'n' -> out.append('\n');
      case 'r' -> out.append('\r');
      case 't' -> out.append('\t');
      case 'v' -> out.append('\u000b');
      case 'x' -> hexadecimal(2, "truncated \\xXX escape");
      case 'u' -> hexadecimal(4, "truncated \\uXXXX escape");
      case 'U' -> hexadecimal(8, "truncated \\UXXXXXXXX escape");
      case 'N' -> named();
      case '0', '1', '2', '3', '4', '5', '6', '7' -> octal();
      default -> unknown(c);
    }
  }

  /**
   * Not an escape. Python writes other characters than ASCII as escapes first, which an uneven
   * number of backslashes before them then takes apart.
   */
  private void unknown(int c) {
    out.append('\\');
    if (c < 0x80) {
      out.append((char) c);
    } else {
      out.append((c < 0x100 ? "x%02x" : c < 0x10000 ? "u%04x" : "U%08x").formatted(c));
    }
  }

  private void hexadecimal(int digits, String truncated) {
    int end = at + digits;
    if (end > source.length()
        || !source
            .substring(at, end)
            .chars()
            .allMatch(c -> c < 0x80 && Character.digit(c, 16) >= 0)) {
      throw JinjaException.syntax(line, truncated);
    }
    character(Long.parseLong(source.substring(at, end), 16));
    at = end;
  }

  private void octal() {
    int start = --at;
    while (at < source.length()
        && at < start + 3
        && source.charAt(at) >= '0'
        && source.charAt(at) <= '7') {
      at++;
    }
    character(Long.parseLong(source.substring(start, at), 8));
  }

  private void named() {
    int end = source.indexOf('}', at);
    if (!source.startsWith("{", at) || end < 0) {
      throw JinjaException.syntax(line, "malformed \\N character escape");
    }
    try {
      character(Character.codePointOf(source.substring(at + 1, end)));
    } catch (IllegalArgumentException e) {
      throw JinjaException.syntax(line, "unknown Unicode character name");
    }
    at = end + 1;
  }

  private void character(long c) {
    if (c > Character.MAX_CODE_POINT) {
      throw JinjaException.syntax(line, "illegal Unicode character");
    }
    if (c >= Character.MIN_SURROGATE && c <= Character.MAX_SURROGATE) {
      throw JinjaException.syntax(
          line, "\\u%04x is half of a character; write it whole, as \\UXXXXXXXX".formatted(c));
    }
    out.appendCodePoint((int) c);
  }
}
