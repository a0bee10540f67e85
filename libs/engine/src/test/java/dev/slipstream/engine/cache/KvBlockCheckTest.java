package dev.slipstream.engine.cache;

import static dev.slipstream.engine.cache.KvLayout.BLOCK_TOKENS;
import static org.assertj.core.api.Assertions.assertThat;

import dev.slipstream.engine.attention.Attention;
import dev.slipstream.engine.runtime.Batch;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.Optional;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * What this lets through is read by attention as it is, and what it refuses is computed again: a
 * good block that it refused would never save anybody time.
 */
class KvBlockCheckTest {
  private static final KvLayout LAYOUT = KvLayout.perLayer(3, 2, 20);
  private static final int KEY = LAYOUT.keyOffset(1, 1);
  private static final int VALUE = LAYOUT.valueOffset(2, 0);

  @Property(tries = 200)
  void whateverAttentionStoresPasses(@ForAll long seed) {
    assertThat(fault(block(seed))).isEmpty();
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
        byte[] block = block(1);
        setScale(block, plane, token, scale);
        assertThat(fault(block)).as("plane at %d, token %d", plane, token).isPresent();
      }
    }
  }

  @Test
  void bytesOfAnotherSizeOrLayoutAreFound() {
    byte[] block = block(3);
    assertThat(fault(Arrays.copyOf(block, block.length - 1))).isPresent();
    assertThat(fault(Arrays.copyOf(block, block.length + 1))).isPresent();
    assertThat(fault(new byte[0])).isPresent();
    assertThat(fault(new byte[block.length])).as("memory that nobody wrote to").isPresent();
    byte[] random = new byte[LAYOUT.blockBytes()];
    new Random(3).nextBytes(random);
    assertThat(fault(random)).as("random bytes").isPresent();
    KvLayout other = KvLayout.perLayer(2, 2, 31);
    assertThat(other.blockBytes()).isEqualTo(LAYOUT.blockBytes());
    assertThat(KvBlockCheck.fault(other, segment(block))).isPresent();
    assertThat(fault(block(other, 3))).isPresent();
  }

  @Property(tries = 200)
  void aFlippedBitOfAScaleIsFoundOrLeavesAFiniteOne(@ForAll long seed) {
    Random random = new Random(seed);
    byte[] block = block(seed);
    int plane = random.nextBoolean() ? KEY : VALUE;
    int at = plane + LAYOUT.scalesAfter() + random.nextInt(BLOCK_TOKENS * Float.BYTES);
    block[at] ^= (byte) (1 << random.nextInt(8));
    int token = (at - plane - LAYOUT.scalesAfter()) / Float.BYTES;
    float scale = segment(block).get(ValueLayout.JAVA_FLOAT_UNALIGNED, scaleAt(plane, token));
    boolean usable = scale >= Float.MIN_NORMAL && scale <= KvBlockCheck.LARGEST_SCALE;
    assertThat(fault(block).isEmpty()).isEqualTo(usable);
  }

  private static Optional<String> fault(byte[] block) {
    return KvBlockCheck.fault(LAYOUT, MemorySegment.ofArray(block));
  }

  private static MemorySegment segment(byte[] block) {
    return MemorySegment.ofArray(block);
  }

  private static long scaleAt(int plane, int token) {
    return plane + LAYOUT.scalesAfter() + (long) token * Float.BYTES;
  }

  private static void setScale(byte[] block, int plane, int token, float scale) {
    segment(block).set(ValueLayout.JAVA_FLOAT_UNALIGNED, scaleAt(plane, token), scale);
  }

  private static byte[] block(long seed) {
    return block(LAYOUT, seed);
  }

  /** What attention makes of vectors of all sizes, zeros and numbers that are none among them. */
  private static byte[] block(KvLayout layout, long seed) {
    Random random = new Random(seed);
    Attention attention = new Attention(layout, layout.kvHeads());
    try (KvPool pool = new KvPool(layout, 1)) {
      KvSequence sequence = pool.newSequence();
      assertThat(sequence.reserve(BLOCK_TOKENS)).isTrue();
      Batch batch = new Batch(BLOCK_TOKENS, 1);
      for (int row = 0; row < BLOCK_TOKENS; row++) {
        batch.add(sequence, 0, row - 1, false);
        for (int slot = 0; slot < layout.slots(); slot++) {
          for (int head = 0; head < layout.kvHeads(); head++) {
            float[] key = vector(layout, random, slot > 0);
            float[] value = vector(layout, random, slot > 0);
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
  private static float[] vector(KvLayout layout, Random random, boolean plain) {
    float[] x = new float[layout.headDimension()];
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
