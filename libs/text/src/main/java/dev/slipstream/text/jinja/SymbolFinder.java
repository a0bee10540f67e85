package dev.slipstream.text.jinja;

import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** Enters the names that nodes use into the symbols of their scope. */
final class SymbolFinder {

  private Symbols symbols;

  private SymbolFinder(Symbols symbols) {
    this.symbols = symbols;
  }

  static void enter(Symbols symbols, List<? extends Node> nodes) {
    SymbolFinder finder = new SymbolFinder(symbols);
    nodes.forEach(node -> finder.visit(node, false));
  }

  /** The target of a loop, whose names the loop sets. */
  static void enterTarget(Symbols symbols, Expr target) {
    new SymbolFinder(symbols).visit(target, true);
  }

  /** Goes into nothing that is a scope of its own. */
  private void visit(Node node, boolean asParameter) {
    switch (node) {
      case Expr.Name name -> visitName(name, asParameter);
      case Expr.Attribute attribute -> symbols.load(attribute.namespace());
      case Stmt.If condition -> visitCondition(condition);
      case Stmt.Macro macro -> symbols.store(macro.name());
      case Stmt.Assign assign -> {
        visit(assign.value(), false);
        visit(assign.target(), false);
      }
      case Stmt.AssignBlock block -> visit(block.target(), false);
      case Stmt.For loop -> visit(loop.items(), false);
      case Stmt.CallBlock block -> visit(block.call(), false);
      case Stmt.FilterBlock block -> visit(block.filter(), false);
      case Stmt.With with -> with.values().forEach(value -> visit(value, false));
      case Stmt.Generation generation -> {}
      case Stmt.Output output -> visitChildren(output, false);
      case Stmt.Jump jump -> {}
      case Expr other -> visitChildren(other, asParameter);
    }
  }

  private void visitChildren(Node node, boolean asParameter) {
    node.children().forEach(child -> visit(child, asParameter));
  }

  private void visitName(Expr.Name name, boolean asParameter) {
    if (asParameter || name.use() == Expr.Use.PARAMETER) {
      symbols.parameter(name.name());
    } else if (name.use() == Expr.Use.STORE) {
      symbols.store(name.name());
    } else {
      symbols.load(name.name());
    }
  }

  private void visitCondition(Stmt.If condition) {
    visit(condition.test(), false);
    Symbols original = symbols;
    List<Symbols> branches =
        List.of(
            branch(original, condition.body()),
            branch(original, condition.elifs()),
            branch(original, condition.otherwise()));
    original.merge(branches);
  }

  private Symbols branch(Symbols original, List<? extends Node> nodes) {
    Symbols branch = original.branch();
    symbols = branch;
    nodes.forEach(node -> visit(node, false));
    symbols = original;
    return branch;
  }

  /** Those of some names that nodes use before they set them. */
  static Set<String> undeclared(List<? extends Node> nodes, String... names) {
    Set<String> wanted = new HashSet<>(List.of(names));
    Set<String> found = new HashSet<>();
    nodes.forEach(node -> findUndeclared(node, wanted, found));
    return found;
  }

  private static void findUndeclared(Node node, Set<String> wanted, Set<String> found) {
    if (node instanceof Expr.Name name) {
      if (name.use() != Expr.Use.LOAD) {
        wanted.remove(name.name());
      } else if (wanted.contains(name.name())) {
        found.add(name.name());
      }
    }
    node.children().forEach(child -> findUndeclared(child, wanted, found));
  }
}
