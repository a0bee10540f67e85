package dev.slipstream.engine.cache.encoding;

import static dev.slipstream.engine.cache.KvLayout.BLOCK_TOKENS;

import dev.slipstream.engine.cache.KeyPlane;
import dev.slipstream.engine.cache.KvEncoding;
import dev.slipstream.engine.cache.KvPlane;
import dev.slipstream.engine.cache.ValuePlane;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Optional;

/**
 * What was computed, as it is: 32-bit floats in their {@link Order}, twice the bytes of {@link
 * ScaledIntegers} and no rounding. Whoever compares answers with another implementation's has that
 * out of the way.
 */
public final class Floats implements KvEncoding {
  private final boolean vectors;

  public Floats() {
    this(KernelChoice.VECTORS);
  }

  Floats(boolean vectors) {
    this.vectors = vectors;
  }

  @Override
  public String id() {
    return "f32/1";
  }

  @Override
  public KeyPlane keys(int dimension) {
    return new Keys(dimension, vectors);
  }

  @Override
  public ValuePlane values(int dimension) {
    return new Values(dimension, vectors);
  }

  private abstract static class Plane implements KvPlane {
    private final Order order;

    Plane(Order order) {
      this.order = order;
    }

    @Override
    public int dimension() {
      return order.dimension();
    }

    @Override
    public long bytes() {
      return order.elements() * Float.BYTES;
    }

    @Override
    public boolean store(MemorySegment memory, long plane, int token, float[] vector, int from) {
      boolean finite = true;
      for (int d = 0; d < dimension(); d++) {
        float x = vector[from + d];
        boolean number = Math.abs(x) <= Float.MAX_VALUE;
        memory.set(ValueLayout.JAVA_FLOAT, at(plane, token, d), number ? x : 0);
        finite &= number;
      }
      return finite;
    }

    @Override
    public float element(MemorySegment memory, long plane, int token, int d) {
      return memory.get(ValueLayout.JAVA_FLOAT_UNALIGNED, at(plane, token, d));
    }

    @Override
    public void move(MemorySegment memory, long plane, int token, long toPlane, int toToken) {
      for (int d = 0; d < dimension(); d++) {
        float x = memory.get(ValueLayout.JAVA_FLOAT, at(plane, token, d));
        memory.set(ValueLayout.JAVA_FLOAT, at(toPlane, toToken, d), x);
      }
    }

    @Override
    public Optional<String> fault(MemorySegment memory, long plane) {
      for (int token = 0; token < BLOCK_TOKENS; token++) {
        for (int d = 0; d < dimension(); d++) {
          float x = element(memory, plane, token, d);
          if (!(Math.abs(x) <= LARGEST_ELEMENT)) {
            return Optional.of("one of its elements is " + x);
          }
        }
      }
      return Optional.empty();
    }

    @Override
    public boolean isBlank(MemorySegment memory, long plane) {
      for (int token = 0; token < BLOCK_TOKENS; token++) {
        for (int d = 0; d < dimension(); d++) {
          if (element(memory, plane, token, d) != 0) {
            return false;
          }
        }
      }
      return true;
    }

    private long at(long plane, int token, int d) {
      return plane + order.before(token, d) * Float.BYTES;
    }
  }

  private static final class Keys extends Plane implements KeyPlane {
    private final boolean vectors;

    Keys(int dimension, boolean vectors) {
      super(Order.keys(dimension));
      this.vectors = vectors;
    }

    @Override
    public void scores(
        MemorySegment memory,
        long plane,
        float[] queries,
        int query,
        float[] scores,
        int offset,
        int stride) {
      if (vectors) {
        VectorFloatKernels.scores(
            memory, plane, queries, query, dimension(), scores, offset, stride);
      } else {
        KeyPlane.super.scores(memory, plane, queries, query, scores, offset, stride);
      }
    }
  }

  private static final class Values extends Plane implements ValuePlane {
    private final boolean vectors;

    Values(int dimension, boolean vectors) {
      super(Order.values(dimension));
      this.vectors = vectors;
    }

    @Override
    public void accumulate(
        MemorySegment memory,
        long plane,
        int tokens,
        float[] weights,
        int offset,
        int stride,
        int from,
        int to,
        float[] sums,
        int sum) {
      if (vectors) {
        VectorFloatKernels.accumulate(
            memory, plane, tokens, weights, offset, stride, from, to, sums, sum, dimension());
      } else {
        ValuePlane.super.accumulate(
            memory, plane, tokens, weights, offset, stride, from, to, sums, sum);
      }
    }
  }
}
