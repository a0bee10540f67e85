package dev.slipstream.text.tokenizer;

import java.util.Arrays;

/** Merge rules of a BPE vocabulary: pair of symbol ids to rank and merged symbol. */
final class BpeMerges implements PairMerger.Pairs {

  private static final long FREE = -1;

  private final long[] pairs;
  private final long[] merges;

  BpeMerges(int count) {
    int slots = Integer.highestOneBit(Math.max(8, count)) * 4;
    pairs = new long[slots];
    merges = new long[slots];
    Arrays.fill(pairs, FREE);
  }

  /** Adds a rule unless there is one for this pair already. */
  void put(int left, int right, int rank, int merged) {
    long pair = pair(left, right);
    int slot = slotOf(pair);
    if (pairs[slot] == FREE) {
      pairs[slot] = pair;
      merges[slot] = (long) rank << 32 | merged;
    }
  }

  @Override
  public long find(int left, int right, byte[] text, int from, int to) {
    int slot = slotOf(pair(left, right));
    return pairs[slot] == FREE ? NONE : merges[slot];
  }

  private static long pair(int left, int right) {
    return (long) left << 32 | right;
  }

  private int slotOf(long pair) {
    int mask = pairs.length - 1;
    long hash = pair * 0x9E3779B97F4A7C15L;
    int slot = (int) (hash >>> 32) & mask;
    while (pairs[slot] != FREE && pairs[slot] != pair) {
      slot = (slot + 1) & mask;
    }
    return slot;
  }
}
