package dev.slipstream.text.template;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Rewrites the parts of Jinja's expression syntax that Jinjava does not know: slices become calls
 * of {@link #SLICE}, {@code not x is defined} becomes {@code x is not defined}, values of named
 * arguments are put in parentheses, and conditions of loops become {@link WhereFilter}s.
 */
final class TemplateSyntax {

  /** The method that slices stand for; arguments are start, end and step, null if not given. */
  static final String SLICE = "__slice__";

  private static final Pattern NOT_IS =
      Pattern.compile(
          "\\bnot\\s+([A-Za-z_][\\w.]*(?:\\[[^\\[\\]]*\\][\\w.]*)*)\\s+is\\s+(?!not\\b)(?=\\w)");

  private static final Pattern NAMED =
      Pattern.compile("(?s)^(\\s*[A-Za-z_]\\w*\\s*=)(?!=)(.*[\\s|+*/~-].*)$");

  private static final Pattern LOOP_IF =
      Pattern.compile(
          "(?s)^([-+]?\\s*for\\s+(\\w+)\\s+in\\s+)(.+?)\\sif\\s((?:(?!\\selse\\s).)+?)(-?)$");

  private final String source;
  private int at;

  private TemplateSyntax(String source) {
    this.source = source;
  }

  static String rewrite(String template) {
    return new TemplateSyntax(template).template();
  }

  private String template() {
    StringBuilder out = new StringBuilder(source.length());
    while (at < source.length()) {
      if (source.startsWith("{#", at)) {
        int end = source.indexOf("#}", at);
        int to = end < 0 ? source.length() : end + 2;
        out.append(source, at, to);
        at = to;
      } else if (source.startsWith("{{", at) || source.startsWith("{%", at)) {
        String close = source.charAt(at + 1) == '{' ? "}}" : "%}";
        out.append(source, at, at + 2);
        at += 2;
        String code = NOT_IS.matcher(code(close)).replaceAll("$1 is not ");
        out.append(LOOP_IF.matcher(code).replaceFirst(TemplateSyntax::filtered));
      } else {
        out.append(source.charAt(at++));
      }
    }
    return out.toString();
  }

  private static String filtered(MatchResult loop) {
    String condition = loop.group(4).strip().replace("\\", "\\\\").replace("\"", "\\\"");
    String filter = "|%s(\"%s\", \"%s\") ".formatted(WhereFilter.NAME, loop.group(2), condition);
    return Matcher.quoteReplacement(
        loop.group(1) + "(" + loop.group(3) + ")" + filter + loop.group(5));
  }

  /** Rewrites up to a closing mark that is outside of strings and brackets. */
  private String code(String close) {
    StringBuilder out = new StringBuilder();
    while (at < source.length() && !source.startsWith(close, at)) {
      element(out);
    }
    return out.toString();
  }

  private void element(StringBuilder out) {
    char c = source.charAt(at);
    switch (c) {
      case '\'', '"' -> string(out);
      case '[' -> subscript(out);
      case '(' -> bracketed(')', out);
      case '{' -> bracketed('}', out);
      default -> {
        out.append(c);
        at++;
        if ((c == '+' || c == '-') && isOperator(out)) {
          out.append(' ');
        }
      }
    }
  }

  /** Jinjava takes a sign right before a digit for a part of the number. */
  private boolean isOperator(StringBuilder out) {
    String before = out.substring(0, out.length() - 1).stripTrailing();
    char last = before.isEmpty() ? '(' : before.charAt(before.length() - 1);
    boolean operand = Character.isLetterOrDigit(last) || "_)]'\"".indexOf(last) >= 0;
    return operand && at < source.length() && Character.isDigit(source.charAt(at));
  }

  private void string(StringBuilder out) {
    char quote = source.charAt(at);
    do {
      if (source.charAt(at) == '\\' && at + 1 < source.length()) {
        out.append(source.charAt(at++));
      }
      out.append(source.charAt(at++));
    } while (at < source.length() && source.charAt(at) != quote);
    if (at < source.length()) {
      out.append(source.charAt(at++));
    }
  }

  private void bracketed(char close, StringBuilder out) {
    out.append(source.charAt(at++));
    StringBuilder argument = new StringBuilder();
    while (at < source.length() && source.charAt(at) != close) {
      if (source.charAt(at) == ',') {
        out.append(argument(argument)).append(',');
        argument.setLength(0);
        at++;
      } else {
        element(argument);
      }
    }
    out.append(argument(argument));
    if (at < source.length()) {
      out.append(source.charAt(at++));
    }
  }

  /** In Jinjava, {@code name=} binds more tightly than operators do. */
  private static String argument(CharSequence argument) {
    return NAMED.matcher(argument).replaceFirst("$1($2)");
  }

  private void subscript(StringBuilder out) {
    at++;
    List<String> parts = new ArrayList<>();
    StringBuilder part = new StringBuilder();
    while (at < source.length() && source.charAt(at) != ']') {
      if (source.charAt(at) == ':') {
        parts.add(part.toString());
        part.setLength(0);
        at++;
      } else {
        element(part);
      }
    }
    parts.add(part.toString());
    at++;
    if (parts.size() == 1) {
      out.append('[').append(part).append(']');
      return;
    }
    out.append('.').append(SLICE).append('(');
    for (int i = 0; i < 3; i++) {
      boolean given = i < parts.size() && !parts.get(i).isBlank();
      out.append(i == 0 ? "" : ", ").append(given ? parts.get(i).strip() : "null");
    }
    out.append(')');
  }
}
