package dev.slipstream.engine.cache.encoding;

import static dev.slipstream.engine.cache.KvLayout.BLOCK_TOKENS;
import static org.assertj.core.api.Assertions.assertThat;

import dev.slipstream.engine.cache.KvPlane;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.junit.jupiter.api.Test;

/** Blocks are exchanged and kept: bytes that changed under the same id would be misread. */
class ScaledIntegersTest {
  private static final int TOKEN = 3;
  private static final float[] VECTOR = {9, 1, -0.25f, 0, 0.5f};
  private static final short[] ELEMENTS = {32767, -8192, 0, 16384};
  private static final float SCALE = 1f / 32767;

  @Test
  void theBytesOfAPlaneStayAsTheyAre() {
    ScaledIntegers encoding = new ScaledIntegers();
    check(encoding.keys(4), d -> d * BLOCK_TOKENS + TOKEN);
    check(encoding.values(4), d -> TOKEN * 4 + d);
  }

  private interface Index {
    int of(int d);
  }

  private static void check(KvPlane plane, Index index) {
    assertThat(plane.bytes())
        .isEqualTo(4 * BLOCK_TOKENS * Short.BYTES + BLOCK_TOKENS * Float.BYTES);
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment memory = arena.allocate(64 + plane.bytes(), 64);
      assertThat(plane.store(memory, 64, TOKEN, VECTOR, 1)).isTrue();
      MemorySegment bytes = memory.asSlice(64);
      for (int d = 0; d < 4; d++) {
        assertThat(bytes.getAtIndex(ValueLayout.JAVA_SHORT, index.of(d))).isEqualTo(ELEMENTS[d]);
      }
      int scales = 4 * BLOCK_TOKENS * Short.BYTES;
      assertThat(bytes.get(ValueLayout.JAVA_FLOAT, scales + TOKEN * 4L)).isEqualTo(SCALE);
    }
  }
}
