package dev.slipstream.engine.cache;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * Where a model keeps keys and values, and how. Blocks of {@link #BLOCK_TOKENS} tokens consist of
 * slots, one after the other; a layer names a slot. A plain model has one slot per layer; layers
 * that share keys and values name the same one. Slots come in groups of equal ones, which are
 * numbered through in the order of the groups.
 */
public final class KvLayout {

  /** Tokens per block. */
  public static final int BLOCK_TOKENS = 16;

  /** Offsets inside a block are ints. */
  public static final int MAX_BLOCK_BYTES = Integer.MAX_VALUE;

  private final List<KvGroup> groups;
  private final int[] slotOfLayer;
  private final KvSlot[] slots;
  private final int blockBytes;

  /**
   * @param slotOfLayer the slot of each layer; every slot is some layer's
   * @throws IllegalArgumentException if there is no such layout, or a block has more than {@link
   *     #MAX_BLOCK_BYTES}
   */
  public KvLayout(List<KvGroup> groups, int... slotOfLayer) {
    this.groups = List.copyOf(groups);
    this.slotOfLayer = slotOfLayer.clone();
    long bytes = groups.stream().mapToLong(KvGroup::bytes).reduce(0, Math::addExact);
    if (bytes < 1 || bytes > MAX_BLOCK_BYTES) {
      throw new IllegalArgumentException(
          "no KV block has %d bytes; the most are %d".formatted(bytes, MAX_BLOCK_BYTES));
    }
    this.blockBytes = (int) bytes;
    this.slots = slots(this.groups);
    int[] named = Arrays.stream(slotOfLayer).sorted().distinct().toArray();
    if (!Arrays.equals(named, IntStream.range(0, slots.length).toArray())) {
      throw new IllegalArgumentException(
          "layers name %s of %d KV slots".formatted(Arrays.toString(named), slots.length));
    }
  }

  private static KvSlot[] slots(List<KvGroup> groups) {
    List<KvSlot> slots = new ArrayList<>();
    int offset = 0;
    for (KvGroup group : groups) {
      int slotBytes = (int) (group.bytes() / group.slots());
      for (int i = 0; i < group.slots(); i++) {
        slots.add(new KvSlot(group, offset));
        offset += slotBytes;
      }
    }
    return slots.toArray(KvSlot[]::new);
  }

  /** One slot per layer, all of them alike. */
  public static KvLayout perLayer(int layers, int heads, int dimension, KvFormat format) {
    KvGroup group = new KvGroup(layers, heads, dimension, format);
    return new KvLayout(List.of(group), IntStream.range(0, layers).toArray());
  }

  /** The number of a layer's slot. */
  public int slotOfLayer(int layer) {
    return slotOfLayer[layer];
  }

  public int slots() {
    return slots.length;
  }

  public KvSlot slot(int slot) {
    return slots[slot];
  }

  public int blockBytes() {
    return blockBytes;
  }

  /** How keys and values are kept; where this is equal, so are the roundings in all slots. */
  public String encoding() {
    List<String> formats = groups.stream().map(group -> group.format().id()).distinct().toList();
    return formats.size() == 1
        ? formats.getFirst()
        : groups.stream()
            .map(group -> group.slots() + "x" + group.format().id())
            .collect(Collectors.joining("+"));
  }

  /** A line for digests: layout and encoding, nothing else. */
  public String fingerprint() {
    return groups.stream().map(this::fingerprint).collect(Collectors.joining("+"))
        + "/"
        + Arrays.toString(slotOfLayer);
  }

  /** The slots of an only group are those that layers name: blocks are kept under such keys. */
  private String fingerprint(KvGroup group) {
    String alike = group.format().id() + "/b" + BLOCK_TOKENS + "/h" + group.heads() + "/d";
    String slots = groups.size() == 1 ? "" : "/s" + group.slots();
    return alike + group.dimension() + slots;
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
