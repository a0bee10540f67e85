package dev.slipstream.text.jinja;

/**
 * What one rendering may still do. Counts, not a clock, so that a template ends the same way on
 * every machine; every operation asks before it works, also for what happens inside of values.
 *
 * <p>The size of the input buys more, since a template may look at each message many times. Without
 * input a template has about 50 ms of work and 8 MB of results.
 */
final class Budget {

  /** Of code that runs and values that are looked into; a level needs some 300 bytes of stack. */
  private static final int MAX_DEPTH = 1_000;

  private static final int LEVELS_OF_A_VALUE = 5;

  /** Digits are what Python prints at most. */
  private static final int MAX_INTEGER_BITS = 14_285;

  private static final long STEPS = 200_000;
  private static final long STEPS_FOR_A_VALUE = 5_000;
  private static final long BYTES = 8L << 20;
  private static final long BYTES_FOR_A_VALUE = 1024;
  private static final long BYTES_FOR_A_CHARACTER = 64;

  private static final int CHARACTERS_IN_A_STEP = 32;
  private static final int BYTES_OF_A_SLOT = 32;
  private static final int BYTES_OF_A_CHARACTER = 8;

  private long steps = STEPS;
  private long bytes = BYTES;
  private int depth;

  /** Input that the template is given. */
  void grant(long values, long characters) {
    steps += values * STEPS_FOR_A_VALUE + characters;
    bytes += values * BYTES_FOR_A_VALUE + characters * BYTES_FOR_A_CHARACTER;
  }

  void step() {
    steps(1);
  }

  void steps(long count) {
    steps -= count;
    if (steps < 0) {
      throw JinjaException.limit("the template takes too many steps");
    }
  }

  /** Characters that are looked at. */
  void scan(long characters) {
    steps(1 + characters / CHARACTERS_IN_A_STEP);
  }

  /** Characters that are made. */
  void text(long characters) {
    scan(characters);
    take(characters);
  }

  /** Characters that are taken apart one by one, to make as many. */
  void characters(long count) {
    text(count * BYTES_OF_A_CHARACTER);
  }

  /** Elements of a collection that is made. */
  void slots(long count) {
    steps(1 + count / 4);
    take(count * BYTES_OF_A_SLOT);
  }

  private void take(long count) {
    bytes -= count;
    if (bytes < 0) {
      throw JinjaException.limit("the template makes too much text or too many values");
    }
  }

  /** Before arithmetic whose result may have so many bits. */
  void integer(long bits) {
    steps(1 + bits / 64);
    if (bits > MAX_INTEGER_BITS) {
      throw JinjaException.limit("integers of more than 4300 digits are not supported");
    }
  }

  /** Goes into a value; to be followed by {@link #leave}. */
  void enter() {
    descend(LEVELS_OF_A_VALUE);
  }

  void leave() {
    ascend(LEVELS_OF_A_VALUE);
  }

  /** Goes so many levels down the stack; to be followed by {@link #ascend}. */
  void descend(int levels) {
    step();
    if (depth + levels > MAX_DEPTH) {
      throw JinjaException.limit("calls or values are nested too deeply");
    }
    depth += levels;
  }

  void ascend(int levels) {
    depth -= levels;
  }
}
