package dev.slipstream.text.jinja;

import org.jspecify.annotations.Nullable;

/** Items that are made when they are asked for, and once only, as most filters of lists give. */
final class Generator implements Value, Source {

  /** An item may come through filters of filters; a filter needs so much stack. */
  private static final int LEVELS = 4;

  private final Budget budget;
  private final Source source;

  Generator(Budget budget, Source source) {
    this.budget = budget;
    this.source = source;
  }

  @Override
  public @Nullable Value next() {
    budget.descend(LEVELS);
    Value next = source.next();
    budget.ascend(LEVELS);
    return next;
  }
}
