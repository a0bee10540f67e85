package dev.slipstream.engine.cache;

import static dev.slipstream.engine.cache.KvFormats.FLOATS;
import static dev.slipstream.engine.cache.KvFormats.INTEGERS;
import static dev.slipstream.engine.cache.KvLayout.BLOCK_TOKENS;
import static org.assertj.core.api.Assertions.assertThat;

import dev.slipstream.engine.attention.Attention;
import dev.slipstream.engine.runtime.Batch;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * What this lets through is read by attention as it is, and what it refuses is computed again: a
 * good block that it refused would never save anybody time.
 */
class KvBlockCheckTest {
  private static final KvLayout LAYOUT = KvLayout.perLayer(3, 2, 20, INTEGERS);
  private static final KvLayout REAL = KvLayout.perLayer(3, 2, 20, FLOATS);
  private static final int KEY = LAYOUT.slot(1).keyOffset(1);
  private static final int VALUE = LAYOUT.slot(2).valueOffset(0);

  /** Bytes from the start of a plane of integers to their scales. */
  private static final int SCALES = 20 * BLOCK_TOKENS * Short.BYTES;

  /** One for each format, and one with all of them. */
  static Stream<KvLayout> layouts() {
    List<KvGroup> groups =
        KvFormats.ALL.stream().map(format -> new KvGroup(1, 2, 21, format)).toList();
    return Stream.concat(
        Stream.of(new KvLayout(groups, IntStream.range(0, groups.size()).toArray())),
        KvFormats.ALL.stream().map(format -> KvLayout.perLayer(3, 2, 20, format)));
  }

  @Property(tries = 200)
  void whateverAttentionStoresPasses(@ForAll long seed) {
    layouts()
        .forEach(
            layout -> assertThat(fault(layout, block(layout, seed))).as("%s", layout).isEmpty());
  }

  @ParameterizedTest
  @MethodSource("layouts")
  void bytesOfNoBlockAreFound(KvLayout layout) {
    byte[] block = block(layout, 3);
    assertThat(fault(layout, Arrays.copyOf(block, block.length - 1))).isPresent();
    assertThat(fault(layout, Arrays.copyOf(block, block.length + 1))).isPresent();
    assertThat(fault(layout, new byte[0])).isPresent();
    byte[] unwritten = new byte[block.length];
    assertThat(fault(layout, unwritten)).as("memory that nobody wrote to").isPresent();
    byte[] ones = new byte[block.length];
    Arrays.fill(ones, (byte) -1);
    assertThat(fault(layout, ones)).as("ones").isPresent();
    byte[] random = new byte[block.length];
    new Random(3).nextBytes(random);
    assertThat(fault(layout, random)).as("random bytes").isPresent();
  }

  @ParameterizedTest
  @ValueSource(
      floats = {
        Float.NaN,
        Float.POSITIVE_INFINITY,
        Float.NEGATIVE_INFINITY,
        Float.MAX_VALUE,
        1e38f,
        2.1f,
        -1f,
        -0f,
        Float.MIN_VALUE,
        1e-39f
      })
  void aScaleThatNoVectorHasIsFound(float scale) {
    for (int plane : new int[] {KEY, VALUE}) {
      for (int token : new int[] {0, BLOCK_TOKENS - 1}) {
        byte[] block = block(LAYOUT, 1);
        set(block, plane + SCALES + (long) token * Float.BYTES, scale);
        assertThat(fault(LAYOUT, block)).as("plane at %d, token %d", plane, token).isPresent();
      }
    }
  }

  @ParameterizedTest
  @ValueSource(
      floats = {
        Float.NaN,
        Float.POSITIVE_INFINITY,
        Float.NEGATIVE_INFINITY,
        Float.MAX_VALUE,
        -1e38f,
        65505f
      })
  void anElementThatNoModelHasIsFound(float element) {
    for (int at : new int[] {0, REAL.slot(1).valueOffset(1) - 4, REAL.blockBytes() - 4}) {
      byte[] block = block(REAL, 1);
      set(block, at, element);
      assertThat(fault(REAL, block)).as("element at %d", at).isPresent();
    }
  }

  /** Small ones, and zeros of either sign, are. */
  @ParameterizedTest
  @ValueSource(floats = {-0f, Float.MIN_VALUE, 1e-39f, 65504f, -65504f})
  void anElementThatAModelMayHavePasses(float element) {
    byte[] block = block(REAL, 1);
    set(block, REAL.slot(1).keyOffset(1), element);
    assertThat(fault(REAL, block)).isEmpty();
  }

  @Test
  void bytesOfAnotherLayoutAreFound() {
    KvLayout other = KvLayout.perLayer(2, 2, 31, INTEGERS);
    assertThat(other.blockBytes()).isEqualTo(LAYOUT.blockBytes());
    assertThat(fault(other, block(LAYOUT, 3))).isPresent();
    assertThat(fault(LAYOUT, block(other, 3))).isPresent();
    // Six planes of floats with 11 elements and of integers with 20.
    KvLayout floats = KvLayout.perLayer(1, 3, 11, FLOATS);
    KvLayout integers = KvLayout.perLayer(1, 3, 20, INTEGERS);
    assertThat(floats.blockBytes()).isEqualTo(integers.blockBytes());
    assertThat(fault(integers, block(floats, 3))).isPresent();
    assertThat(fault(floats, block(integers, 3))).isPresent();
  }

  @Property(tries = 200)
  void aFlippedBitOfAScaleIsFoundOrLeavesAFiniteOne(@ForAll long seed) {
    Random random = new Random(seed);
    byte[] block = block(LAYOUT, seed);
    int scales = (random.nextBoolean() ? KEY : VALUE) + SCALES;
    int byteOfScale = random.nextInt(BLOCK_TOKENS * Float.BYTES);
    block[scales + byteOfScale] ^= (byte) (1 << random.nextInt(8));
    float scale =
        MemorySegment.ofArray(block)
            .get(ValueLayout.JAVA_FLOAT_UNALIGNED, scales + (byteOfScale & -Float.BYTES));
    boolean usable = scale >= Float.MIN_NORMAL && scale <= 65504f / Short.MAX_VALUE;
    assertThat(fault(LAYOUT, block).isEmpty()).isEqualTo(usable);
  }

  private static Optional<String> fault(KvLayout layout, byte[] block) {
    return KvBlockCheck.fault(layout, MemorySegment.ofArray(block));
  }

  private static void set(byte[] block, long at, float x) {
    MemorySegment.ofArray(block).set(ValueLayout.JAVA_FLOAT_UNALIGNED, at, x);
  }

  /** What attention makes of vectors of all sizes, zeros and numbers that are none among them. */
  private static byte[] block(KvLayout layout, long seed) {
    Random random = new Random(seed);
    Attention attention = new Attention(layout, 6);
    try (KvPool pool = new KvPool(layout, 1)) {
      KvSequence sequence = pool.newSequence();
      assertThat(sequence.reserve(BLOCK_TOKENS)).isTrue();
      Batch batch = new Batch(BLOCK_TOKENS, 1);
      for (int row = 0; row < BLOCK_TOKENS; row++) {
        batch.add(sequence, 0, row - 1, false);
        for (int slot = 0; slot < layout.slots(); slot++) {
          for (int head = 0; head < layout.slot(slot).heads(); head++) {
            float[] key = vector(layout.slot(slot), random, slot > 0);
            float[] value = vector(layout.slot(slot), random, slot > 0);
            attention.store(batch, row, slot, head, key, 0, value, 0);
          }
        }
      }
      return pool.block(sequence.block(0)).toArray(ValueLayout.JAVA_BYTE);
    }
  }

  /**
   * @param plain whether it has a scale other than 0
   */
  private static float[] vector(KvSlot slot, Random random, boolean plain) {
    float[] x = new float[slot.dimension()];
    float size = plain ? 1 : (float) Math.pow(10, random.nextInt(-40, 5)) * 6;
    for (int d = 0; d < x.length; d++) {
      x[d] = size * (random.nextFloat() * 2 - 1);
    }
    if (!plain && random.nextInt(4) == 0) {
      x[random.nextInt(x.length)] = random.nextBoolean() ? Float.NaN : Float.NEGATIVE_INFINITY;
    }
    return x;
  }
}
