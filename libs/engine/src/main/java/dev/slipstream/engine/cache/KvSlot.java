package dev.slipstream.engine.cache;

import java.lang.foreign.MemorySegment;

/**
 * The place of a layer's keys and values in every block: the keys of each head, and then the values
 * of each head. What attention reads in one go lies together.
 */
public final class KvSlot {
  private final KeyPlane keys;
  private final ValuePlane values;
  private final int heads;
  private final int firstKeys;
  private final int firstValues;
  private final int keyBytes;
  private final int valueBytes;

  /**
   * @param offset of the first of its bytes in a block that an int can count the bytes of
   */
  KvSlot(KvGroup group, int offset) {
    this.keys = group.format().keys().keys(group.dimension());
    this.values = group.format().values().values(group.dimension());
    this.heads = group.heads();
    this.keyBytes = Math.toIntExact(keys.bytes());
    this.valueBytes = Math.toIntExact(values.bytes());
    this.firstKeys = offset;
    this.firstValues = offset + heads * keyBytes;
  }

  public int heads() {
    return heads;
  }

  /** Elements per head. */
  public int dimension() {
    return keys.dimension();
  }

  public KeyPlane keys() {
    return keys;
  }

  public ValuePlane values() {
    return values;
  }

  /** Byte offset of the keys of one head inside a block. */
  public int keyOffset(int head) {
    return firstKeys + head * keyBytes;
  }

  /** Byte offset of the values of one head inside a block. */
  public int valueOffset(int head) {
    return firstValues + head * valueBytes;
  }

  /** Moves all that is kept of a token in one block to a place in the same or another one. */
  void move(MemorySegment memory, long block, int token, long toBlock, int toToken) {
    for (int head = 0; head < heads; head++) {
      int key = keyOffset(head);
      int value = valueOffset(head);
      keys.move(memory, block + key, token, toBlock + key, toToken);
      values.move(memory, block + value, token, toBlock + value, toToken);
    }
  }
}
