package dev.slipstream.engine.cache;

/**
 * Slots of a block that are alike.
 *
 * @param slots how many
 * @param heads key/value heads of each
 * @param dimension elements per head, of keys and values alike
 * @param format how they are kept
 */
public record KvGroup(int slots, int heads, int dimension, KvFormat format) {
  public KvGroup {
    if (slots < 1 || heads < 1 || dimension < 1) {
      throw new IllegalArgumentException(
          "no KV layout has %d slots with %d heads of %d elements"
              .formatted(slots, heads, dimension));
    }
    for (KvPlane plane :
        new KvPlane[] {format.keys().keys(dimension), format.values().values(dimension)}) {
      if (plane.bytes() < 1 || plane.bytes() % KvPlane.ALIGNMENT != 0) {
        throw new IllegalArgumentException(
            "%d elements of KV as %s take %d bytes, which is no multiple of %d"
                .formatted(dimension, format.id(), plane.bytes(), KvPlane.ALIGNMENT));
      }
    }
  }

  /** Their bytes in a block, whether there can be such a block or not. */
  public long bytes() {
    long head =
        Math.addExact(
            format.keys().keys(dimension).bytes(), format.values().values(dimension).bytes());
    return Math.multiplyExact(Math.multiplyExact(head, (long) heads), (long) slots);
  }
}
