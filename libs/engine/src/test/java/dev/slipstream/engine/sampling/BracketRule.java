package dev.slipstream.engine.sampling;

import java.util.ArrayDeque;
import java.util.Deque;

/**
 * A small grammar with a stack, as a rule of the kind that has to be told what happens: token 0
 * opens a bracket and token 1 closes one, up to two are open, and none closes that was not opened.
 */
public final class BracketRule implements TokenRule {
  public static final int OPEN = 0;
  public static final int CLOSE = 1;
  private static final int DEEPEST = 2;

  private final int promptLength;

  /** Open brackets after each generated token. */
  private final Deque<Integer> depths = new ArrayDeque<>();

  public BracketRule(int promptLength) {
    this.promptLength = promptLength;
  }

  @Override
  public void mask(float[] logits, TokenHistory history) {
    if (depth() == 0) {
      logits[CLOSE] = Float.NEGATIVE_INFINITY;
    }
    if (depth() == DEEPEST) {
      logits[OPEN] = Float.NEGATIVE_INFINITY;
    }
  }

  @Override
  public void appended(int token) {
    depths.addLast(depth() + (token == OPEN ? 1 : token == CLOSE ? -1 : 0));
  }

  @Override
  public void truncated(int length) {
    while (promptLength + depths.size() > length) {
      depths.removeLast();
    }
  }

  private int depth() {
    return depths.isEmpty() ? 0 : depths.getLast();
  }

  /** Whether a text obeys it. */
  public static boolean allows(Iterable<Integer> tokens) {
    int depth = 0;
    for (int token : tokens) {
      depth += token == OPEN ? 1 : token == CLOSE ? -1 : 0;
      if (depth < 0 || depth > DEEPEST) {
        return false;
      }
    }
    return true;
  }
}
