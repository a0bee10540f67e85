package dev.slipstream.text.tokenizer;

import java.util.Arrays;

/** Numbers byte strings from 0 and finds the number of any part of an array without copying it. */
final class ByteStrings {

  private static final int INITIAL_BYTES = 1 << 12;

  private byte[] pool = new byte[INITIAL_BYTES];
  private int[] ends;
  private int[] slots;
  private int[] ids;
  private int size;

  ByteStrings(int expected) {
    ends = new int[Math.max(16, expected)];
    ids = new int[ends.length];
    slots = new int[slotsFor(ends.length)];
  }

  /** The id that was given to these bytes, or -1. */
  int find(byte[] text, int from, int to) {
    int slot = slotOf(text, from, to);
    return slots[slot] == 0 ? -1 : ids[slots[slot] - 1];
  }

  int find(byte[] text) {
    return find(text, 0, text.length);
  }

  /** Gives bytes an id; the last one given counts. */
  void put(byte[] text, int id) {
    int slot = slotOf(text, 0, text.length);
    if (slots[slot] != 0) {
      ids[slots[slot] - 1] = id;
      return;
    }
    append(text);
    ids[size - 1] = id;
    slots[slot] = size;
    if (size * 2 > slots.length) {
      rehash();
    }
  }

  private void append(byte[] text) {
    int start = size == 0 ? 0 : ends[size - 1];
    if (start + text.length > pool.length) {
      pool = Arrays.copyOf(pool, Math.max(pool.length * 2, start + text.length));
    }
    System.arraycopy(text, 0, pool, start, text.length);
    if (size == ends.length) {
      ends = Arrays.copyOf(ends, size * 2);
      ids = Arrays.copyOf(ids, size * 2);
    }
    ends[size++] = start + text.length;
  }

  private int slotOf(byte[] text, int from, int to) {
    int mask = slots.length - 1;
    int slot = hash(text, from, to) & mask;
    while (slots[slot] != 0 && !equal(slots[slot] - 1, text, from, to)) {
      slot = (slot + 1) & mask;
    }
    return slot;
  }

  private boolean equal(int index, byte[] text, int from, int to) {
    int start = index == 0 ? 0 : ends[index - 1];
    return Arrays.equals(pool, start, ends[index], text, from, to);
  }

  private void rehash() {
    slots = new int[slotsFor(size * 2)];
    int start = 0;
    for (int i = 0; i < size; i++) {
      int slot = slotOf(pool, start, ends[i]);
      slots[slot] = i + 1;
      start = ends[i];
    }
  }

  private static int slotsFor(int count) {
    return Integer.highestOneBit(Math.max(16, count)) * 4;
  }

  private static int hash(byte[] text, int from, int to) {
    int hash = to - from;
    for (int i = from; i < to; i++) {
      hash = hash * 0x01000193 ^ text[i];
    }
    hash *= 0x9E3779B1;
    return hash ^ hash >>> 15;
  }
}
