package dev.slipstream.text.jinja;

import dev.slipstream.text.jinja.Expr.Use;
import dev.slipstream.text.jinja.Token.Kind;
import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** Parses expressions by jinja2's grammar; one method for each of its levels. */
final class ExpressionParser {

  /** Of brackets and the like, which the parser calls itself for. */
  private static final int MAX_DEPTH = 100;

  /** Of the tree, whose height is what the stack needs later. */
  private static final int MAX_HEIGHT = 200;

  private static final Map<String, Comparison> COMPARISONS =
      Map.of(
          "==", Comparison.EQUAL,
          "!=", Comparison.NOT_EQUAL,
          "<", Comparison.LESS,
          "<=", Comparison.LESS_OR_EQUAL,
          ">", Comparison.GREATER,
          ">=", Comparison.GREATER_OR_EQUAL);

  private static final Map<String, BinaryOperator> SUMS =
      Map.of("+", BinaryOperator.ADD, "-", BinaryOperator.SUBTRACT);

  private static final Map<String, BinaryOperator> PRODUCTS =
      Map.of(
          "*", BinaryOperator.MULTIPLY,
          "/", BinaryOperator.DIVIDE,
          "//", BinaryOperator.FLOOR_DIVIDE,
          "%", BinaryOperator.MODULO);

  private static final Map<String, BinaryOperator> POWERS = Map.of("**", BinaryOperator.POWER);

  private final TokenStream tokens;
  private final CallParser calls;
  private final Map<Node, Integer> heights = new IdentityHashMap<>();
  private int depth;

  ExpressionParser(TokenStream tokens) {
    this.tokens = tokens;
    this.calls = new CallParser(tokens, this);
  }

  Expr expression() {
    return nested(this::conditional);
  }

  /** An expression without "if", as loops and conditions have it. */
  Expr unconditional() {
    return nested(this::or);
  }

  private Expr nested(Supplier<Expr> parser) {
    if (++depth > MAX_DEPTH) {
      throw tooDeep(tokens.current().line());
    }
    Expr parsed = parser.get();
    depth--;
    return parsed;
  }

  /** To be called for each node. */
  <E extends Expr> E made(E node) {
    int height = 1;
    for (Node child : node.children()) {
      height = Math.max(height, 1 + heights.getOrDefault(child, 0));
    }
    if (height > MAX_HEIGHT) {
      throw tooDeep(node.line());
    }
    heights.put(node, height);
    return node;
  }

  private static JinjaException tooDeep(int line) {
    return JinjaException.syntax(line, "expressions are nested too deeply");
  }

  private Expr conditional() {
    int line = tokens.current().line();
    Expr then = or();
    while (tokens.skipName("if")) {
      Expr test = or();
      Expr otherwise = tokens.skipName("else") ? nested(this::conditional) : null;
      then = made(new Expr.Conditional(test, then, otherwise, line));
      line = tokens.current().line();
    }
    return then;
  }

  private Expr or() {
    int line = tokens.current().line();
    Expr left = and();
    while (tokens.skipName("or")) {
      left = made(new Expr.Logical(false, left, and(), line));
    }
    return left;
  }

  private Expr and() {
    int line = tokens.current().line();
    Expr left = not();
    while (tokens.skipName("and")) {
      left = made(new Expr.Logical(true, left, not(), line));
    }
    return left;
  }

  private Expr not() {
    if (tokens.current().isName("not")) {
      int line = tokens.next().line();
      return made(new Expr.Not(nested(this::not), line));
    }
    return comparison();
  }

  private Expr comparison() {
    int line = tokens.current().line();
    List<Expr> operands = new ArrayList<>(List.of(sum()));
    List<Comparison> operators = new ArrayList<>();
    for (Comparison operator; (operator = comparisonOperator()) != null; ) {
      operators.add(operator);
      operands.add(sum());
    }
    return operators.isEmpty()
        ? operands.getFirst()
        : made(new Expr.Compare(operands, operators, line));
  }

  private @Nullable Comparison comparisonOperator() {
    Token token = tokens.current();
    if (token.is(Kind.OPERATOR) && COMPARISONS.containsKey(token.text())) {
      return COMPARISONS.get(tokens.next().text());
    }
    if (tokens.skipName("in")) {
      return Comparison.IN;
    }
    if (token.isName("not") && tokens.following().isName("in")) {
      tokens.next();
      tokens.next();
      return Comparison.NOT_IN;
    }
    return null;
  }

  private Expr sum() {
    return binary(SUMS, this::concat);
  }

  private Expr concat() {
    int line = tokens.current().line();
    List<Expr> parts = new ArrayList<>(List.of(product()));
    while (tokens.skipOperator("~")) {
      parts.add(product());
    }
    return parts.size() == 1 ? parts.getFirst() : made(new Expr.Concat(parts, line));
  }

  private Expr product() {
    return binary(PRODUCTS, this::power);
  }

  private Expr power() {
    return binary(POWERS, () -> unary(true));
  }

  private Expr binary(Map<String, BinaryOperator> operators, Supplier<Expr> operand) {
    int line = tokens.current().line();
    Expr left = operand.get();
    while (tokens.current().is(Kind.OPERATOR)) {
      BinaryOperator operator = operators.get(tokens.current().text());
      if (operator == null) {
        break;
      }
      tokens.next();
      left = made(new Expr.Binary(operator, left, operand.get(), line));
    }
    return left;
  }

  private Expr unary(boolean withFilters) {
    Token token = tokens.current();
    Expr operand;
    if (token.isOperator("-") || token.isOperator("+")) {
      tokens.next();
      Expr signed = nested(() -> unary(false));
      operand = made(new Expr.Sign(token.text().equals("-"), signed, token.line()));
    } else {
      operand = primary(false);
    }
    operand = calls.postfix(operand);
    return withFilters ? calls.filters(operand) : operand;
  }

  /**
   * @param withAttributes whether a name may be followed by an attribute, to be assigned to
   */
  Expr primary(boolean withAttributes) {
    Token token = tokens.current();
    return switch (token.kind()) {
      case NAME -> name(withAttributes);
      case STRING -> string();
      case INTEGER, FLOAT -> new Expr.Const(NumberLiteral.value(tokens.next()), token.line());
      case OPERATOR -> bracketed(token);
      default -> throw unexpected(token);
    };
  }

  private static JinjaException unexpected(Token token) {
    return JinjaException.syntax(token.line(), "unexpected '" + token.described() + "'");
  }

  private Expr name(boolean withAttributes) {
    Token token = tokens.next();
    return switch (token.text()) {
      case "true", "True" -> new Expr.Const(Value.Bool.TRUE, token.line());
      case "false", "False" -> new Expr.Const(Value.Bool.FALSE, token.line());
      case "none", "None" -> new Expr.Const(Value.None.NONE, token.line());
      default ->
          withAttributes && tokens.skipOperator(".")
              ? new Expr.Attribute(token.text(), tokens.expect(Kind.NAME).text(), token.line())
              : new Expr.Name(token.text(), Use.LOAD, token.line());
    };
  }

  private Expr string() {
    int line = tokens.current().line();
    StringBuilder text = new StringBuilder();
    while (tokens.current().is(Kind.STRING)) {
      text.append(tokens.next().text());
    }
    return new Expr.Const(Value.Str.of(text.toString()), line);
  }

  private Expr bracketed(Token token) {
    return switch (token.text()) {
      case "(" -> {
        tokens.next();
        Expr inner = tuple(this::expression, Set.of(), true);
        tokens.expectOperator(")");
        yield inner;
      }
      case "[" -> list();
      case "{" -> dict();
      default -> throw unexpected(token);
    };
  }

  /** Expressions with commas between them, or one alone. */
  Expr tuple() {
    return tuple(this::expression, Set.of(), false);
  }

  /**
   * @param ends names that end the tuple
   * @param inParentheses whether it may be empty
   */
  Expr tuple(Supplier<Expr> item, Set<String> ends, boolean inParentheses) {
    int line = tokens.current().line();
    List<Expr> items = new ArrayList<>();
    boolean isTuple = false;
    while (true) {
      if (!items.isEmpty()) {
        tokens.expectOperator(",");
      }
      if (endsTuple(ends)) {
        break;
      }
      items.add(item.get());
      if (!tokens.current().isOperator(",")) {
        break;
      }
      isTuple = true;
    }
    if (!isTuple && !items.isEmpty()) {
      return items.getFirst();
    }
    if (!isTuple && !inParentheses) {
      throw JinjaException.syntax(
          tokens.current().line(),
          "Expected an expression, got '" + tokens.current().described() + "'");
    }
    return made(new Expr.TupleOf(items, line));
  }

  private boolean endsTuple(Set<String> ends) {
    Token token = tokens.current();
    return token.is(Kind.VARIABLE_END)
        || token.is(Kind.BLOCK_END)
        || token.isOperator(")")
        || token.is(Kind.NAME) && ends.contains(token.text());
  }

  private Expr list() {
    int line = tokens.expectOperator("[").line();
    List<Expr> items = new ArrayList<>();
    while (separated(items.isEmpty(), "]")) {
      items.add(expression());
    }
    return made(new Expr.ListOf(items, line));
  }

  private Expr dict() {
    int line = tokens.expectOperator("{").line();
    List<Expr> keys = new ArrayList<>();
    List<Expr> values = new ArrayList<>();
    while (separated(keys.isEmpty(), "}")) {
      keys.add(expression());
      tokens.expectOperator(":");
      values.add(expression());
    }
    return made(new Expr.DictOf(keys, values, line));
  }

  /** Whether another element comes; takes the comma before it, or the end. */
  private boolean separated(boolean first, String end) {
    if (!first && !tokens.current().isOperator(end)) {
      tokens.expectOperator(",");
    }
    return !tokens.skipOperator(end);
  }
}
