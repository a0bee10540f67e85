package dev.slipstream.engine.cache.toy;

import static dev.slipstream.engine.cache.KvLayout.BLOCK_TOKENS;

import dev.slipstream.engine.cache.KeyPlane;
import dev.slipstream.engine.cache.KvEncoding;
import dev.slipstream.engine.cache.KvPlane;
import dev.slipstream.engine.cache.ValuePlane;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Optional;

/**
 * An encoding that nothing but tests knows: 8 bits and a scale for each token, one record after the
 * other, and attention one element at a time. Whatever it needs beyond this file, a real one would
 * have to change elsewhere, too.
 */
public final class ByteEncoding implements KvEncoding {
  @Override
  public String id() {
    return "toy8/1";
  }

  @Override
  public KeyPlane keys(int dimension) {
    return new Keys(dimension);
  }

  @Override
  public ValuePlane values(int dimension) {
    return new Values(dimension);
  }

  private record Keys(int dimension) implements Records, KeyPlane {}

  private record Values(int dimension) implements Records, ValuePlane {}

  private interface Records extends KvPlane {
    @Override
    default long bytes() {
      return Math.ceilDiv((long) BLOCK_TOKENS * recordBytes(), ALIGNMENT) * ALIGNMENT;
    }

    @Override
    default boolean store(MemorySegment memory, long plane, int token, float[] vector, int from) {
      float max = 0;
      boolean finite = true;
      for (int d = 0; d < dimension(); d++) {
        finite &= Float.isFinite(vector[from + d]);
        max = Float.isFinite(vector[from + d]) ? Math.max(max, Math.abs(vector[from + d])) : max;
      }
      long record = recordAt(plane, token);
      float scale = max / Byte.MAX_VALUE;
      memory.set(ValueLayout.JAVA_FLOAT_UNALIGNED, record, scale);
      for (int d = 0; d < dimension(); d++) {
        float x = vector[from + d];
        byte rounded = Float.isFinite(x) && max > 0 ? (byte) Math.round(x / scale) : 0;
        memory.set(ValueLayout.JAVA_BYTE, record + Float.BYTES + d, rounded);
      }
      return finite;
    }

    @Override
    default float element(MemorySegment memory, long plane, int token, int d) {
      long record = recordAt(plane, token);
      return memory.get(ValueLayout.JAVA_FLOAT_UNALIGNED, record)
          * memory.get(ValueLayout.JAVA_BYTE, record + Float.BYTES + d);
    }

    @Override
    default void move(MemorySegment memory, long plane, int token, long toPlane, int toToken) {
      MemorySegment.copy(
          memory, recordAt(plane, token), memory, recordAt(toPlane, toToken), recordBytes());
    }

    @Override
    default Optional<String> fault(MemorySegment memory, long plane) {
      for (int token = 0; token < BLOCK_TOKENS; token++) {
        float scale = memory.get(ValueLayout.JAVA_FLOAT_UNALIGNED, recordAt(plane, token));
        if (!(scale >= 0 && scale <= LARGEST_ELEMENT / Byte.MAX_VALUE)) {
          return Optional.of("one of its scales is " + scale);
        }
      }
      return Optional.empty();
    }

    @Override
    default boolean isBlank(MemorySegment memory, long plane) {
      return memory.asSlice(plane, bytes()).mismatch(MemorySegment.ofArray(new byte[(int) bytes()]))
          < 0;
    }

    private long recordAt(long plane, int token) {
      return plane + (long) token * recordBytes();
    }

    private int recordBytes() {
      return Float.BYTES + dimension();
    }
  }
}
