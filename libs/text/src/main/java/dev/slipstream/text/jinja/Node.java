package dev.slipstream.text.jinja;

import java.util.ArrayList;
import java.util.List;

/** A node of a parsed template. */
sealed interface Node permits Expr, Stmt {

  /** Line of the template, from 1. */
  int line();

  /** In the order in which jinja2 visits them. */
  List<Node> children();

  /** How many levels of nodes there are. */
  default int height() {
    int height = 0;
    for (Node child : children()) {
      height = Math.max(height, child.height());
    }
    return height + 1;
  }

  /** This and all below, in no particular order. */
  default List<Node> all() {
    List<Node> found = new ArrayList<>(List.of(this));
    for (int i = 0; i < found.size(); i++) {
      found.addAll(found.get(i).children());
    }
    return found;
  }
}
