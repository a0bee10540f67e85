package dev.slipstream.engine.cache;

import java.util.Arrays;

/**
 * Where a model keeps keys and values. The cache, attention and kv-service know only slots: a plain
 * model has one slot per layer, models that share KV between layers map several layers to one slot.
 *
 * <p>A block holds {@link #BLOCK_TOKENS} tokens of every slot as F16, and its bytes are the same on
 * every machine. Per slot, keys come first, transposed so that one vector load covers neighbouring
 * tokens: {@code [kvHead][dimension][token]}; then values: {@code [kvHead][token][dimension]}.
 *
 * @param slotOfLayer KV slot of each layer; slots are numbered from 0 without gaps
 * @param kvHeads key/value heads per slot
 * @param headDimension elements per head
 */
public record KvLayout(int[] slotOfLayer, int kvHeads, int headDimension) {

  /** Tokens per block. */
  public static final int BLOCK_TOKENS = 16;

  /** Changes when the bytes of a block change their meaning; part of every block key. */
  public static final String ENCODING = "f16/1";

  public KvLayout {
    slotOfLayer = slotOfLayer.clone();
  }

  /** One slot per layer. */
  public static KvLayout perLayer(int layers, int kvHeads, int headDimension) {
    int[] slots = new int[layers];
    Arrays.setAll(slots, i -> i);
    return new KvLayout(slots, kvHeads, headDimension);
  }

  public int slots() {
    return Arrays.stream(slotOfLayer).max().orElse(-1) + 1;
  }

  /** Bytes of the keys (or of the values) of one slot in one block. */
  public int planeBytes() {
    return kvHeads * headDimension * BLOCK_TOKENS * Short.BYTES;
  }

  public int blockBytes() {
    return slots() * 2 * planeBytes();
  }

  /** Byte offset of the keys of one head inside a block. */
  public int keyOffset(int slot, int kvHead) {
    return slot * 2 * planeBytes() + kvHead * headDimension * BLOCK_TOKENS * Short.BYTES;
  }

  /** Byte offset of the values of one head inside a block. */
  public int valueOffset(int slot, int kvHead) {
    return keyOffset(slot, kvHead) + planeBytes();
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
