package dev.slipstream.engine.cache;

import java.util.Arrays;

/**
 * Where a model keeps keys and values. The cache, attention and kv-service know only slots: a plain
 * model has one slot per layer, models that share KV between layers map several layers to one slot.
 *
 * <p>A block holds {@link #BLOCK_TOKENS} tokens of every slot, and its bytes are the same on every
 * machine. Elements are 16-bit integers with one 32-bit scale per head and token: the size of F16
 * with a tenth of its rounding error. A slot has the keys of each head, transposed so that one
 * vector load covers neighbouring tokens, {@code [dimension][token]}, with their scales, {@code
 * [token]}; and then the values of each head, {@code [token][dimension]}, with their scales. What
 * attention reads in one go lies together.
 *
 * @param slotOfLayer KV slot of each layer; slots are numbered from 0 without gaps
 * @param kvHeads key/value heads per slot
 * @param headDimension elements per head
 */
public record KvLayout(int[] slotOfLayer, int kvHeads, int headDimension) {

  /** Tokens per block. */
  public static final int BLOCK_TOKENS = 16;

  /** Changes when the bytes of a block change their meaning; part of every block key. */
  public static final String ENCODING = "i16s/2";

  /** Offsets inside a block are ints. */
  public static final int MAX_BLOCK_BYTES = Integer.MAX_VALUE;

  /**
   * @throws IllegalArgumentException if there is no such layout, or a block has more than {@link
   *     #MAX_BLOCK_BYTES}
   */
  public KvLayout {
    slotOfLayer = slotOfLayer.clone();
    if (kvHeads < 1 || headDimension < 1 || Arrays.stream(slotOfLayer).anyMatch(s -> s < 0)) {
      throw new IllegalArgumentException(
          "no KV layout has %d heads of %d elements in slots %s"
              .formatted(kvHeads, headDimension, Arrays.toString(slotOfLayer)));
    }
    int slots = Math.addExact(1, Arrays.stream(slotOfLayer).max().orElse(-1));
    long bytes = blockBytes(slots, kvHeads, headDimension);
    if (bytes > MAX_BLOCK_BYTES) {
      throw new IllegalArgumentException("a KV block of %d bytes is too large".formatted(bytes));
    }
  }

  /** Bytes of a block, whether there can be such a block or not. */
  public static long blockBytes(int slots, int kvHeads, int headDimension) {
    long vector = Math.addExact((long) headDimension * Short.BYTES, Float.BYTES);
    return Math.multiplyExact(Math.multiplyExact(2L * BLOCK_TOKENS * slots, kvHeads), vector);
  }

  /** One slot per layer. */
  public static KvLayout perLayer(int layers, int kvHeads, int headDimension) {
    int[] slots = new int[layers];
    Arrays.setAll(slots, i -> i);
    return new KvLayout(slots, kvHeads, headDimension);
  }

  /** The KV slot of a layer. */
  public int slot(int layer) {
    return slotOfLayer[layer];
  }

  public int slots() {
    int slots = 0;
    for (int slot : slotOfLayer) {
      slots = Math.max(slots, slot + 1);
    }
    return slots;
  }

  /** Bytes of one head's keys (or values) in one block. */
  private int planeBytes() {
    return scalesAfter() + BLOCK_TOKENS * Float.BYTES;
  }

  public int blockBytes() {
    return (int) blockBytes(slots(), kvHeads, headDimension);
  }

  /** Byte offset of the keys of one head inside a block. */
  public int keyOffset(int slot, int kvHead) {
    return (slot * 2 * kvHeads + kvHead) * planeBytes();
  }

  /** Byte offset of the values of one head inside a block. */
  public int valueOffset(int slot, int kvHead) {
    return keyOffset(slot, kvHeads + kvHead);
  }

  /** Bytes from the start of a head's keys (or values) to their scales. */
  public int scalesAfter() {
    return headDimension * BLOCK_TOKENS * Short.BYTES;
  }

  /** A line for digests: layout and encoding, nothing else. */
  public String fingerprint() {
    return ENCODING
        + "/b"
        + BLOCK_TOKENS
        + "/h"
        + kvHeads
        + "/d"
        + headDimension
        + "/"
        + Arrays.toString(slotOfLayer);
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof KvLayout that && fingerprint().equals(that.fingerprint());
  }

  @Override
  public int hashCode() {
    return fingerprint().hashCode();
  }

  @Override
  public String toString() {
    return fingerprint();
  }
}
