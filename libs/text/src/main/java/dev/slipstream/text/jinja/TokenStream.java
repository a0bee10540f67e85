package dev.slipstream.text.jinja;

import java.util.List;

/** Tokens, with the one that the parser looks at. */
final class TokenStream {

  private final List<Token> tokens;
  private int at;

  /**
   * @param tokens the last of them is the end
   */
  TokenStream(List<Token> tokens) {
    this.tokens = tokens;
  }

  Token current() {
    return tokens.get(at);
  }

  Token following() {
    return tokens.get(Math.min(at + 1, tokens.size() - 1));
  }

  /** Goes on and gives what was current. */
  Token next() {
    Token token = current();
    at = Math.min(at + 1, tokens.size() - 1);
    return token;
  }

  boolean skipName(String name) {
    boolean found = current().isName(name);
    if (found) {
      next();
    }
    return found;
  }

  boolean skipOperator(String operator) {
    boolean found = current().isOperator(operator);
    if (found) {
      next();
    }
    return found;
  }

  Token expect(Token.Kind kind) {
    return expect(current().is(kind), new Token(kind, "name", 0).described());
  }

  Token expectName(String name) {
    return expect(current().isName(name), name);
  }

  Token expectOperator(String operator) {
    return expect(current().isOperator(operator), operator);
  }

  private Token expect(boolean met, String expected) {
    if (met) {
      return next();
    }
    throw JinjaException.syntax(
        current().line(),
        current().is(Token.Kind.END)
            ? "unexpected end of template, expected '" + expected + "'."
            : "expected token '" + expected + "', got '" + current().described() + "'");
  }
}
