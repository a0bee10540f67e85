package dev.slipstream.text.tokenizer;

import java.util.Arrays;

/**
 * Merges neighbouring symbols, always the pair with the lowest rank and among equals the leftmost,
 * until no pair may be merged. Short runs look for the best pair each time, long ones keep a heap,
 * so that a run of n symbols takes O(n log n).
 *
 * <p>A heap entry is a rank and the index of the left symbol. It is stale, and skipped, unless it
 * still is the entry of that symbol: an older pair of the same symbol with the same rank would
 * merge the present pair at the very place in the order where the present one is due.
 */
final class PairMerger {

  /** Says which symbols may be merged. */
  interface Pairs {
    /** No merge. */
    long NONE = -1;

    /**
     * Rank, at least 0, in the upper half and the id of the merged symbol in the lower half; or
     * NONE.
     *
     * @param from start of the left symbol in the text
     * @param to end of the right symbol in the text
     */
    long find(int left, int right, byte[] text, int from, int to);
  }

  private static final int SHORT_RUN = 48;
  private static final long RANK = 0xffffffff00000000L;

  private final Pairs pairs;
  private byte[] text;
  private int count;

  private int[] ids = new int[64];
  private int[] starts = new int[65];
  private int[] previous = new int[64];
  private int[] next = new int[64];
  private long[] merges = new long[64];
  private long[] heap = new long[0];
  private int heapSize;

  PairMerger(Pairs pairs) {
    this.pairs = pairs;
  }

  void start(byte[] text) {
    this.text = text;
    this.count = 0;
  }

  /** Adds a symbol that starts at a byte of the text and ends where the next one starts. */
  void add(int id, int start) {
    if (count == ids.length) {
      grow(count * 2);
    }
    ids[count] = id;
    starts[count] = start;
    count++;
  }

  /** Merges the symbols added; the last one ends at the given byte. */
  void merge(int end) {
    starts[count] = end;
    for (int i = 0; i < count; i++) {
      previous[i] = i - 1;
      next[i] = i + 1;
    }
    for (int i = 0; i < count; i++) {
      merges[i] = look(i);
    }
    if (count <= SHORT_RUN) {
      mergeByScanning();
    } else {
      mergeByHeap();
    }
  }

  /** Index of the symbol after the given one, {@link #count} at the end; the first has index 0. */
  int next(int symbol) {
    return next[symbol];
  }

  int count() {
    return count;
  }

  int id(int symbol) {
    return ids[symbol];
  }

  int start(int symbol) {
    return starts[symbol];
  }

  private void grow(int capacity) {
    ids = Arrays.copyOf(ids, capacity);
    starts = Arrays.copyOf(starts, capacity + 1);
    previous = Arrays.copyOf(previous, capacity);
    next = Arrays.copyOf(next, capacity);
    merges = Arrays.copyOf(merges, capacity);
  }

  private long look(int left) {
    int right = next[left];
    if (right == count) {
      return Pairs.NONE;
    }
    return pairs.find(ids[left], ids[right], text, starts[left], starts[next[right]]);
  }

  private void mergeByScanning() {
    while (true) {
      int best = -1;
      long rank = Long.MAX_VALUE;
      for (int i = 0; i < count; i = next[i]) {
        long merge = merges[i];
        if (merge >= 0 && (merge & RANK) < rank) {
          rank = merge & RANK;
          best = i;
        }
      }
      if (best < 0) {
        return;
      }
      mergeAt(best);
    }
  }

  private void mergeByHeap() {
    heapSize = 0;
    if (heap.length < count) {
      heap = new long[count * 2];
    }
    for (int i = 0; i < count; i++) {
      push(i);
    }
    while (heapSize > 0) {
      long entry = pop();
      int left = (int) entry;
      if (merges[left] < 0 || (merges[left] & RANK) != (entry & RANK)) {
        continue;
      }
      mergeAt(left);
      push(left);
      if (previous[left] >= 0) {
        push(previous[left]);
      }
    }
  }

  private void mergeAt(int left) {
    int right = next[left];
    ids[left] = (int) merges[left];
    merges[right] = Pairs.NONE;
    next[left] = next[right];
    if (next[left] < count) {
      previous[next[left]] = left;
    }
    merges[left] = look(left);
    if (previous[left] >= 0) {
      merges[previous[left]] = look(previous[left]);
    }
  }

  private void push(int left) {
    if (merges[left] < 0) {
      return;
    }
    if (heapSize == heap.length) {
      heap = Arrays.copyOf(heap, heapSize * 2);
    }
    long entry = (merges[left] & RANK) | left;
    int at = heapSize++;
    while (at > 0 && heap[(at - 1) >>> 1] > entry) {
      heap[at] = heap[(at - 1) >>> 1];
      at = (at - 1) >>> 1;
    }
    heap[at] = entry;
  }

  private long pop() {
    long top = heap[0];
    long entry = heap[--heapSize];
    int at = 0;
    for (int child = 1; child < heapSize; child = 2 * at + 1) {
      if (child + 1 < heapSize && heap[child + 1] < heap[child]) {
        child++;
      }
      if (heap[child] >= entry) {
        break;
      }
      heap[at] = heap[child];
      at = child;
    }
    heap[at] = entry;
    return top;
  }
}
