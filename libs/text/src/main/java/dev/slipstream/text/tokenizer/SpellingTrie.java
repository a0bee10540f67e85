package dev.slipstream.text.tokenizer;

import java.util.Arrays;
import java.util.BitSet;

/**
 * Byte strings, and which of them a text has at a place. The edges of all nodes lie in one table
 * with open addressing; node 0 is the root.
 */
final class SpellingTrie {
  private static final int FREE = -1;
  private static final int INITIAL_SLOTS = 1 << 10;

  /** A parent's number in the upper 24 bits, the byte that leads to the child in the lower 8. */
  private int[] edges = filled(INITIAL_SLOTS);

  private int[] children = new int[INITIAL_SLOTS];
  private final BitSet ends = new BitSet();
  private final int[] longestByFirst = new int[256];
  private int nodes = 1;

  /**
   * @param spelling not empty
   */
  void add(byte[] spelling) {
    int first = spelling[0] & 0xff;
    longestByFirst[first] = Math.max(longestByFirst[first], spelling.length);
    int node = 0;
    for (byte b : spelling) {
      int edge = edge(node, b);
      int slot = slotOf(edge);
      if (edges[slot] == FREE) {
        edges[slot] = edge;
        children[slot] = nodes++;
        node = children[slot];
        growIfNeeded();
      } else {
        node = children[slot];
      }
    }
    ends.set(node);
  }

  /** Bytes of the longest string that starts with this one. */
  int longest(byte first) {
    return longestByFirst[first & 0xff];
  }

  /** Bytes of the longest string that the text has at a place; 0 if there is none. */
  int longest(byte[] text, int from) {
    int longest = 0;
    int node = 0;
    for (int at = from; at < text.length; at++) {
      int edge = edge(node, text[at]);
      int slot = slotOf(edge);
      if (edges[slot] == FREE) {
        break;
      }
      node = children[slot];
      if (ends.get(node)) {
        longest = at + 1 - from;
      }
    }
    return longest;
  }

  private static int edge(int node, byte b) {
    return node << 8 | b & 0xff;
  }

  private int slotOf(int edge) {
    int mask = edges.length - 1;
    int slot = (edge * 0x9E3779B9 >>> 8) & mask;
    while (edges[slot] != FREE && edges[slot] != edge) {
      slot = (slot + 1) & mask;
    }
    return slot;
  }

  private void growIfNeeded() {
    if (nodes <= edges.length / 4 * 3) {
      return;
    }
    if (nodes >= 1 << 23) {
      throw new IllegalStateException("the tokens of the vocabulary have too many bytes in all");
    }
    int[] oldEdges = edges;
    int[] oldChildren = children;
    edges = filled(oldEdges.length * 2);
    children = new int[edges.length];
    for (int i = 0; i < oldEdges.length; i++) {
      if (oldEdges[i] != FREE) {
        int slot = slotOf(oldEdges[i]);
        edges[slot] = oldEdges[i];
        children[slot] = oldChildren[i];
      }
    }
  }

  private static int[] filled(int slots) {
    int[] edges = new int[slots];
    Arrays.fill(edges, FREE);
    return edges;
  }
}
