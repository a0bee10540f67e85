package dev.slipstream.text.jinja;

import org.jspecify.annotations.Nullable;

/** What a template is compiled to. */
final class Code {
  private Code() {}

  /** Code of an expression. */
  @FunctionalInterface
  interface Evaluation {
    Value in(Scope scope);
  }

  /** Code that reads a variable; gives null if it is not set. */
  @FunctionalInterface
  interface Reading {
    @Nullable Value in(Scope scope);
  }

  /** Code of a statement. */
  @FunctionalInterface
  interface Action {
    Flow in(Scope scope);
  }

  /** Where it goes on after a statement. */
  enum Flow {
    NEXT,
    BREAK,
    CONTINUE
  }

  /** Code that sets variables to a value. */
  @FunctionalInterface
  interface Assignment {
    void in(Scope scope, Value value);
  }
}
