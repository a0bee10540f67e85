package dev.slipstream.drafting.promptlookup;

import java.util.Arrays;

/**
 * Where each n-gram of a text ended last, for one n. A hash table with open addressing that holds
 * positions only and compares the text itself, so that equal hashes never pass for equal n-grams.
 */
final class NgramTable {
  static final int NONE = -1;
  private static final int INITIAL_SLOTS = 64;

  private final int n;
  private int[] slots = empty(INITIAL_SLOTS);
  private int size;

  NgramTable(int n) {
    this.n = n;
  }

  /**
   * Where the n-gram that ends at {@code end} ended when it was last {@link #put}, or {@link
   * #NONE}.
   */
  int find(int[] text, int end) {
    return slots[slot(text, end)];
  }

  /**
   * Remembers the n-gram that ends at {@code end}; returns what {@link #find} would have returned.
   */
  int put(int[] text, int end) {
    int slot = slot(text, end);
    int before = slots[slot];
    slots[slot] = end;
    if (before == NONE && ++size * 3L > slots.length * 2L) {
      grow(text);
    }
    return before;
  }

  private void grow(int[] text) {
    int[] old = slots;
    slots = empty(old.length * 2);
    for (int end : old) {
      if (end != NONE) {
        slots[slot(text, end)] = end;
      }
    }
  }

  /** The slot of the n-gram, or the free one where it belongs. */
  private int slot(int[] text, int end) {
    int mask = slots.length - 1;
    int slot = hash(text, end) & mask;
    while (slots[slot] != NONE && !same(text, slots[slot], end)) {
      slot = (slot + 1) & mask;
    }
    return slot;
  }

  private int hash(int[] text, int end) {
    long hash = n;
    for (int i = end - n + 1; i <= end; i++) {
      hash = (hash ^ text[i]) * 0x9E3779B97F4A7C15L;
      hash ^= hash >>> 29;
    }
    return (int) (hash >>> 32);
  }

  private boolean same(int[] text, int end, int otherEnd) {
    return Arrays.equals(text, end - n + 1, end + 1, text, otherEnd - n + 1, otherEnd + 1);
  }

  private static int[] empty(int slots) {
    int[] all = new int[slots];
    Arrays.fill(all, NONE);
    return all;
  }
}
