package dev.slipstream.text.jinja;

import dev.slipstream.text.jinja.Expr.Use;
import dev.slipstream.text.jinja.Token.Kind;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Parses a template into statements by jinja2's grammar. */
final class StatementParser {

  private static final int MAX_DEPTH = 50;

  private static final Set<String> CONSTANTS =
      Set.of("true", "false", "none", "True", "False", "None");

  private static final Set<String> UNSUPPORTED =
      Set.of("block", "extends", "include", "import", "from", "autoescape");

  private final TokenStream tokens;
  private final ExpressionParser expressions;
  private final CallParser calls;
  private final Deque<String> open = new ArrayDeque<>();

  private StatementParser(TokenStream tokens) {
    this.tokens = tokens;
    this.expressions = new ExpressionParser(tokens);
    this.calls = new CallParser(tokens, expressions);
  }

  /**
   * @throws JinjaException if it is no template, or needs what is not supported
   */
  static List<Stmt> parse(String template) {
    return new StatementParser(new TokenStream(Lexer.tokens(template))).statements(Set.of());
  }

  /** Up to a block that starts with one of the ends, or to the end of the template. */
  private List<Stmt> statements(Set<String> ends) {
    List<Stmt> body = new ArrayList<>();
    List<Expr> output = new ArrayList<>();
    while (!tokens.current().is(Kind.END)) {
      Token token = tokens.next();
      switch (token.kind()) {
        case DATA -> output.add(new Expr.Data(token.text(), token.line()));
        case VARIABLE_BEGIN -> {
          output.add(expressions.tuple());
          tokens.expect(Kind.VARIABLE_END);
        }
        case BLOCK_BEGIN -> {
          flush(output, body);
          if (tokens.current().is(Kind.NAME) && ends.contains(tokens.current().text())) {
            return body;
          }
          body.add(statement(ends));
          tokens.expect(Kind.BLOCK_END);
        }
        default -> throw new IllegalStateException("a " + token.kind() + " outside of tags");
      }
    }
    if (!ends.isEmpty()) {
      throw unexpectedEnd(ends);
    }
    flush(output, body);
    return body;
  }

  private static void flush(List<Expr> output, List<Stmt> body) {
    if (!output.isEmpty()) {
      body.add(new Stmt.Output(List.copyOf(output), output.getFirst().line()));
      output.clear();
    }
  }

  private JinjaException unexpectedEnd(Set<String> ends) {
    return JinjaException.syntax(
        tokens.current().line(),
        "Unexpected end of template. Jinja was looking for the following tags: %s. The innermost block that needs to be closed is '%s'."
            .formatted(quoted(ends), open.peek()));
  }

  private static String quoted(Set<String> names) {
    return names.stream().sorted().map(n -> "'" + n + "'").collect(Collectors.joining(" or "));
  }

  private Stmt statement(Set<String> ends) {
    Token token = tokens.current();
    if (!token.is(Kind.NAME)) {
      throw JinjaException.syntax(token.line(), "tag name expected");
    }
    if (open.size() >= MAX_DEPTH) {
      throw JinjaException.syntax(token.line(), "blocks are nested too deeply");
    }
    open.push(token.text());
    tokens.next();
    Stmt statement = statement(token, ends);
    open.pop();
    return statement;
  }

  private Stmt statement(Token tag, Set<String> ends) {
    int line = tag.line();
    return switch (tag.text()) {
      case "for" -> loop(line);
      case "if" -> condition(line);
      case "set" -> assignment(line);
      case "print" -> print(line);
      case "macro" -> macro(line);
      case "call" -> callBlock(line);
      case "filter" -> new Stmt.FilterBlock(filterChain(null), body("endfilter"), line);
      case "with" -> with(line);
      case "generation" -> new Stmt.Generation(body("endgeneration"), line);
      case "break", "continue" -> new Stmt.Jump(tag.text().equals("break"), line);
      default -> throw unknown(tag, ends);
    };
  }

  private JinjaException unknown(Token tag, Set<String> ends) {
    open.pop();
    if (UNSUPPORTED.contains(tag.text())) {
      return JinjaException.syntax(
          tag.line(), "the tag '" + tag.text() + "' is not supported in chat templates");
    }
    String looking =
        ends.isEmpty() ? "" : " Jinja was looking for the following tags: " + quoted(ends) + ".";
    String inner =
        open.isEmpty()
            ? ""
            : " The innermost block that needs to be closed is '" + open.peek() + "'.";
    return JinjaException.syntax(
        tag.line(), "Encountered unknown tag '" + tag.text() + "'." + looking + inner);
  }

  /** The rest of the tag, and the statements up to the end, which is taken. */
  private List<Stmt> body(String end) {
    List<Stmt> body = body(Set.of(end));
    tokens.next();
    return body;
  }

  /** The end itself becomes the current token. */
  private List<Stmt> body(Set<String> ends) {
    tokens.skipOperator(":");
    tokens.expect(Kind.BLOCK_END);
    return statements(ends);
  }

  private Stmt loop(int line) {
    Expr target = target(Set.of("in"), false);
    tokens.expectName("in");
    Expr items = expressions.tuple(expressions::unconditional, Set.of("recursive"), false);
    Expr test = tokens.skipName("if") ? expressions.expression() : null;
    boolean recursive = tokens.skipName("recursive");
    List<Stmt> body = body(Set.of("endfor", "else"));
    List<Stmt> otherwise = tokens.next().text().equals("endfor") ? List.of() : body("endfor");
    return new Stmt.For(target, items, body, otherwise, test, recursive, line);
  }

  private Stmt condition(int line) {
    Set<String> ends = Set.of("elif", "else", "endif");
    Expr test = expressions.tuple(expressions::unconditional, Set.of(), false);
    List<Stmt> body = body(ends);
    List<Stmt.If> elifs = new ArrayList<>();
    List<Stmt> otherwise = List.of();
    Token token = tokens.next();
    while (token.isName("elif")) {
      int elifLine = tokens.current().line();
      Expr elifTest = expressions.tuple(expressions::unconditional, Set.of(), false);
      elifs.add(new Stmt.If(elifTest, body(ends), List.of(), List.of(), elifLine));
      token = tokens.next();
    }
    if (token.isName("else")) {
      otherwise = body("endif");
    }
    return new Stmt.If(test, body, elifs, otherwise, line);
  }

  private Stmt assignment(int line) {
    Expr target = target(Set.of(), true);
    if (tokens.skipOperator("=")) {
      return new Stmt.Assign(target, expressions.tuple(), line);
    }
    Expr.Filter filter = tokens.skipOperator("|") ? filterChain(null) : null;
    return new Stmt.AssignBlock(target, filter, body("endset"), line);
  }

  /** From the name of a filter on. */
  private Expr.Filter filterChain(@Nullable Expr subject) {
    Expr.Filter filter = calls.filter(subject);
    while (tokens.skipOperator("|")) {
      filter = calls.filter(filter);
    }
    return filter;
  }

  private Stmt print(int line) {
    List<Expr> parts = new ArrayList<>();
    while (!tokens.current().is(Kind.BLOCK_END)) {
      if (!parts.isEmpty()) {
        tokens.expectOperator(",");
      }
      parts.add(expressions.expression());
    }
    return new Stmt.Output(parts, line);
  }

  private Stmt macro(int line) {
    String name = parameterName().name();
    Signature signature = signature();
    return new Stmt.Macro(
        name, signature.parameters(), signature.defaults(), body("endmacro"), line);
  }

  private Stmt callBlock(int line) {
    Signature signature =
        tokens.current().isOperator("(") ? signature() : new Signature(List.of(), List.of());
    if (!(expressions.expression() instanceof Expr.Call call)) {
      throw JinjaException.syntax(line, "expected call");
    }
    return new Stmt.CallBlock(
        call, signature.parameters(), signature.defaults(), body("endcall"), line);
  }

  private record Signature(List<Expr.Name> parameters, List<Expr> defaults) {}

  private Signature signature() {
    tokens.expectOperator("(");
    List<Expr.Name> parameters = new ArrayList<>();
    List<Expr> defaults = new ArrayList<>();
    Set<String> names = new HashSet<>();
    while (!tokens.current().isOperator(")")) {
      if (!parameters.isEmpty()) {
        tokens.expectOperator(",");
      }
      Expr.Name parameter = parameterName();
      if (!names.add(parameter.name())) {
        throw JinjaException.syntax(
            parameter.line(), "duplicate argument '" + parameter.name() + "'");
      }
      parameters.add(parameter);
      if (tokens.skipOperator("=")) {
        defaults.add(expressions.expression());
      } else if (!defaults.isEmpty()) {
        throw JinjaException.syntax(
            tokens.current().line(), "non-default argument follows default argument");
      }
    }
    tokens.next();
    return new Signature(parameters, defaults);
  }

  private Expr.Name parameterName() {
    Token token = tokens.expect(Kind.NAME);
    Expr.Name name = new Expr.Name(token.text(), Use.PARAMETER, token.line());
    return (Expr.Name) assignable(name);
  }

  private Stmt with(int line) {
    List<Expr> targets = new ArrayList<>();
    List<Expr> values = new ArrayList<>();
    while (!tokens.current().is(Kind.BLOCK_END)) {
      if (!targets.isEmpty()) {
        tokens.expectOperator(",");
      }
      targets.add(used(target(Set.of(), false), Use.PARAMETER));
      tokens.expectOperator("=");
      values.add(expressions.expression());
    }
    return new Stmt.With(targets, values, body("endwith"), line);
  }

  /** What is assigned to: a name, an attribute of a namespace, or a tuple of such. */
  private Expr target(Set<String> ends, boolean withAttributes) {
    Expr target = expressions.tuple(() -> expressions.primary(withAttributes), ends, false);
    return assignable(used(target, Use.STORE));
  }

  private static Expr used(Expr target, Use use) {
    return switch (target) {
      case Expr.Name name -> new Expr.Name(name.name(), use, name.line());
      case Expr.TupleOf tuple ->
          new Expr.TupleOf(
              tuple.items().stream().map(item -> used(item, use)).toList(), tuple.line());
      default -> target;
    };
  }

  private static Expr assignable(Expr target) {
    boolean valid =
        switch (target) {
          case Expr.Name name -> !CONSTANTS.contains(name.name());
          case Expr.Attribute attribute -> true;
          case Expr.TupleOf tuple -> {
            tuple.items().forEach(StatementParser::assignable);
            yield true;
          }
          default -> false;
        };
    if (!valid) {
      throw JinjaException.syntax(target.line(), "can't assign to that");
    }
    return target;
  }
}
