package dev.slipstream.text.jinja;

import dev.slipstream.text.jinja.Token.Kind;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Splits a template into tokens. White space is treated as jinja2 does with {@code trim_blocks} and
 * {@code lstrip_blocks}: a line end after a block or comment goes, and so does white space between
 * the start of a line and a block or comment, unless the tag has a plus sign there; a minus sign
 * takes all white space.
 */
final class Lexer {

  private static final String[] OPERATORS = {
    "//", "**", "==", "!=", ">=", "<=", "+", "-", "/", "*", "%", "~", "[", "]", "(", ")", "{", "}",
    ">", "<", "=", ".", ":", "|", ",", ";"
  };

  /** Possessive, so that a regular expression's stack does not grow with the template. */
  private static final Pattern RAW_END = Pattern.compile("\\{%([-+]?)\\s*+endraw\\s*+([-+]?)%}");

  private static final Pattern RAW_BEGIN = Pattern.compile("([-+]?)\\s*+raw\\s*+(-?)%}");

  private final String source;
  private final List<Token> tokens = new ArrayList<>();
  private final Deque<Character> brackets = new ArrayDeque<>();
  private int at;
  private int line = 1;
  private int counted;

  /** Whether what comes before the present place ends a line, or is nothing. */
  private boolean lineStarts = true;

  private Lexer(String source) {
    this.source = source;
  }

  /**
   * @throws JinjaException naming what is no token
   */
  static List<Token> tokens(String template) {
    String source = template.replace("\r\n", "\n").replace('\r', '\n');
    Lexer lexer =
        new Lexer(source.endsWith("\n") ? source.substring(0, source.length() - 1) : source);
    lexer.template();
    return lexer.tokens;
  }

  private void template() {
    while (at < source.length()) {
      int tag = nextTag();
      if (tag < 0) {
        add(Kind.DATA, source.substring(at), at);
        at = source.length();
      } else {
        tag(tag);
      }
    }
    add(Kind.END, "", source.length());
  }

  private int nextTag() {
    for (int i = at; (i = source.indexOf('{', i)) >= 0 && i + 1 < source.length(); i++) {
      if ("%{#".indexOf(source.charAt(i + 1)) >= 0) {
        return i;
      }
    }
    return -1;
  }

  private void tag(int tag) {
    char kind = source.charAt(tag + 1);
    Matcher raw = RAW_BEGIN.matcher(source).region(tag + 2, source.length());
    boolean isRaw = kind == '%' && raw.lookingAt();
    String sign = sign(tag + 2);
    data(tag, sign, kind != '{');
    at = tag + 2 + sign.length();
    if (isRaw) {
      raw(raw);
    } else if (kind == '#') {
      comment();
    } else {
      code(tag, kind == '%');
    }
  }

  private String sign(int offset) {
    boolean signed = offset < source.length() && "+-".indexOf(source.charAt(offset)) >= 0;
    return signed ? source.substring(offset, offset + 1) : "";
  }

  /** What is before a tag. */
  private void data(int end, String sign, boolean trims) {
    String text = source.substring(at, end);
    if (sign.equals("-")) {
      text = withoutSpaceAtEnd(text);
    } else if (sign.isEmpty() && trims) {
      int lineStart = text.lastIndexOf('\n') + 1;
      boolean blank = text.substring(lineStart).codePoints().allMatch(Characters::isSpace);
      text = blank && (lineStart > 0 || lineStarts) ? text.substring(0, lineStart) : text;
    }
    if (!text.isEmpty()) {
      add(Kind.DATA, text, at);
    }
  }

  private static String withoutSpaceAtEnd(String text) {
    int end = text.length();
    while (end > 0 && Characters.isSpace(text.charAt(end - 1))) {
      end--;
    }
    return text.substring(0, end);
  }

  private void raw(Matcher begin) {
    at = begin.end();
    if (begin.group(2).equals("-")) {
      skipSpace();
    }
    lineStarts = source.charAt(at - 1) == '\n';
    Matcher end = RAW_END.matcher(source);
    if (!end.find(at)) {
      unclosed("Missing end of raw directive");
      return;
    }
    data(end.start(), end.group(1), true);
    at = end.end();
    closed(end.group(2), true);
  }

  private void comment() {
    int end = source.indexOf("#}", at);
    if (end < 0) {
      unclosed("Missing end of comment tag");
      return;
    }
    String sign = end > at ? sign(end - 1) : "";
    at = end + 2;
    closed(sign, true);
  }

  /** Python's lexer minds only if something is left. */
  private void unclosed(String message) {
    if (at < source.length()) {
      throw JinjaException.syntax(lineOf(at), message);
    }
  }

  /** After the end of a tag. */
  private void closed(String sign, boolean trims) {
    if (sign.equals("-")) {
      skipSpace();
    } else if (sign.isEmpty() && trims && source.startsWith("\n", at)) {
      at++;
    }
    lineStarts = source.charAt(at - 1) == '\n';
  }

  private void skipSpace() {
    while (at < source.length() && Characters.isSpace(source.charAt(at))) {
      at++;
    }
  }

  private void code(int tag, boolean block) {
    add(block ? Kind.BLOCK_BEGIN : Kind.VARIABLE_BEGIN, "", tag);
    String end = block ? "%}" : "}}";
    brackets.clear();
    while (true) {
      skipSpace();
      if (at >= source.length()) {
        return;
      }
      String sign = sign(at);
      boolean signed = sign.equals("-") || block && sign.equals("+");
      int mark = at + (signed ? 1 : 0);
      if (brackets.isEmpty() && source.startsWith(end, mark)) {
        add(block ? Kind.BLOCK_END : Kind.VARIABLE_END, "", at);
        at = mark + 2;
        closed(signed ? sign : "", block);
        return;
      }
      token();
    }
  }

  private void token() {
    char c = source.charAt(at);
    if (c >= '0' && c <= '9') {
      NumberLiteral number = NumberLiteral.at(source, at);
      add(number.isFloat() ? Kind.FLOAT : Kind.INTEGER, number.digits(), at);
      at = number.end();
    } else if (c == '\'' || c == '"') {
      string(c);
    } else if (isNamePart(source.codePointAt(at))) {
      name();
    } else {
      operator();
    }
  }

  private static boolean isNamePart(int c) {
    return Characters.isWord(c) || c >= 0x80 && Character.isUnicodeIdentifierPart(c);
  }

  private void name() {
    int start = at;
    while (at < source.length() && isNamePart(source.codePointAt(at))) {
      at += Character.charCount(source.codePointAt(at));
    }
    String name = source.substring(start, at);
    if (!Characters.isIdentifier(name)) {
      throw JinjaException.syntax(lineOf(start), "Invalid character in identifier");
    }
    add(Kind.NAME, name, start);
  }

  private void string(char quote) {
    int start = at++;
    while (at < source.length() && source.charAt(at) != quote) {
      at += source.charAt(at) == '\\' ? 2 : 1;
    }
    if (at >= source.length()) {
      throw unexpected(start);
    }
    int line = lineOf(start);
    add(Kind.STRING, StringLiteral.decode(source.substring(start + 1, at), line), start);
    at++;
  }

  private JinjaException unexpected(int offset) {
    return JinjaException.syntax(
        lineOf(offset),
        "unexpected char '%s' at %d"
            .formatted(
                Character.toString(source.codePointAt(offset)), source.codePointCount(0, offset)));
  }

  private void operator() {
    for (String operator : OPERATORS) {
      if (source.startsWith(operator, at)) {
        balance(operator);
        add(Kind.OPERATOR, operator, at);
        at += operator.length();
        return;
      }
    }
    throw unexpected(at);
  }

  private void balance(String operator) {
    switch (operator) {
      case "(" -> brackets.push(')');
      case "[" -> brackets.push(']');
      case "{" -> brackets.push('}');
      case ")", "]", "}" -> {
        if (brackets.isEmpty()) {
          throw JinjaException.syntax(lineOf(at), "unexpected '" + operator + "'");
        }
        char expected = brackets.pop();
        if (expected != operator.charAt(0)) {
          throw JinjaException.syntax(
              lineOf(at), "unexpected '%s', expected '%s'".formatted(operator, expected));
        }
      }
      default -> {}
    }
  }

  private void add(Kind kind, String text, int offset) {
    tokens.add(new Token(kind, text, lineOf(offset)));
  }

  /** Offsets must not decrease. */
  private int lineOf(int offset) {
    for (; counted < offset; counted++) {
      line += source.charAt(counted) == '\n' ? 1 : 0;
    }
    return line;
  }
}
