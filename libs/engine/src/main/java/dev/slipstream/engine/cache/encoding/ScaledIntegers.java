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
 * 16-bit integers with one 32-bit scale per head and token: the size of 16-bit floats with a tenth
 * of their rounding error. A plane has the elements in their {@link Order} and then the scales,
 * {@code [token]}.
 *
 * <p>Elements may be any 16 bits, but a scale is 0 or a positive normal float.
 */
public final class ScaledIntegers implements KvEncoding {
  /** Vectors below this are stored as zeros; the inverse of a smaller one would overflow. */
  private static final float SMALLEST = 1e-30f;

  /** The largest scaled element, with room for the rounding of the inverse. */
  private static final float LARGEST = Short.MAX_VALUE + 0.4f;

  private static final float LARGEST_SCALE = KvPlane.LARGEST_ELEMENT / Short.MAX_VALUE;

  private final IntegerKernels kernels;

  public ScaledIntegers() {
    this(KernelChoice.VECTORS);
  }

  ScaledIntegers(boolean vectors) {
    this.kernels = vectors ? new VectorIntegerKernels() : new ScalarIntegerKernels();
  }

  @Override
  public String id() {
    return "i16s/2";
  }

  @Override
  public KeyPlane keys(int dimension) {
    return new Keys(dimension, kernels);
  }

  @Override
  public ValuePlane values(int dimension) {
    return new Values(dimension, kernels);
  }

  private abstract static class Plane implements KvPlane {
    final int dimension;
    private final Order order;
    private final long scalesAfter;

    Plane(Order order) {
      this.dimension = order.dimension();
      this.order = order;
      this.scalesAfter = order.elements() * Short.BYTES;
    }

    @Override
    public int dimension() {
      return dimension;
    }

    @Override
    public long bytes() {
      return scalesAfter + BLOCK_TOKENS * Float.BYTES;
    }

    @Override
    public boolean store(MemorySegment memory, long plane, int token, float[] vector, int from) {
      float max = 0;
      boolean finite = true;
      for (int d = 0; d < dimension; d++) {
        float size = Math.abs(vector[from + d]);
        finite &= size <= Float.MAX_VALUE;
        max = size > max && size <= Float.MAX_VALUE ? size : max;
      }
      float scale = max < SMALLEST ? 0 : max / Short.MAX_VALUE;
      float inverse = max < SMALLEST ? 0 : Short.MAX_VALUE / max;
      for (int d = 0; d < dimension; d++) {
        float scaled = vector[from + d] * inverse;
        short rounded = Math.abs(scaled) <= LARGEST ? (short) Math.rint(scaled) : 0;
        memory.set(ValueLayout.JAVA_SHORT, elementAt(plane, token, d), rounded);
      }
      memory.set(ValueLayout.JAVA_FLOAT, scaleAt(plane, token), scale);
      return finite;
    }

    @Override
    public float element(MemorySegment memory, long plane, int token, int d) {
      return memory.get(ValueLayout.JAVA_SHORT_UNALIGNED, elementAt(plane, token, d))
          * scale(memory, plane, token);
    }

    @Override
    public void move(MemorySegment memory, long plane, int token, long toPlane, int toToken) {
      for (int d = 0; d < dimension; d++) {
        short element = memory.get(ValueLayout.JAVA_SHORT, elementAt(plane, token, d));
        memory.set(ValueLayout.JAVA_SHORT, elementAt(toPlane, toToken, d), element);
      }
      float scale = memory.get(ValueLayout.JAVA_FLOAT, scaleAt(plane, token));
      memory.set(ValueLayout.JAVA_FLOAT, scaleAt(toPlane, toToken), scale);
    }

    @Override
    public Optional<String> fault(MemorySegment memory, long plane) {
      for (int token = 0; token < BLOCK_TOKENS; token++) {
        float scale = scale(memory, plane, token);
        if (!isScale(scale)) {
          return Optional.of("one of its scales is " + scale);
        }
      }
      return Optional.empty();
    }

    private static boolean isScale(float scale) {
      return Float.floatToRawIntBits(scale) == 0
          || (scale >= Float.MIN_NORMAL && scale <= LARGEST_SCALE);
    }

    /** Elements without a scale are nothing. */
    @Override
    public boolean isBlank(MemorySegment memory, long plane) {
      boolean blank = true;
      for (int token = 0; token < BLOCK_TOKENS; token++) {
        blank &= scale(memory, plane, token) == 0;
      }
      return blank;
    }

    private float scale(MemorySegment memory, long plane, int token) {
      return memory.get(ValueLayout.JAVA_FLOAT_UNALIGNED, scaleAt(plane, token));
    }

    private long elementAt(long plane, int token, int d) {
      return plane + order.before(token, d) * Short.BYTES;
    }

    private long scaleAt(long plane, int token) {
      return plane + scalesAfter + (long) token * Float.BYTES;
    }
  }

  private static final class Keys extends Plane implements KeyPlane {
    private final IntegerKernels kernels;

    Keys(int dimension, IntegerKernels kernels) {
      super(Order.keys(dimension));
      this.kernels = kernels;
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
      kernels.scores(memory, plane, queries, query, dimension, scores, offset, stride);
    }
  }

  private static final class Values extends Plane implements ValuePlane {
    private final IntegerKernels kernels;

    Values(int dimension, IntegerKernels kernels) {
      super(Order.values(dimension));
      this.kernels = kernels;
    }

    @Override
    public void prepare(MemorySegment memory, long plane, float[] weights, int offset) {
      kernels.scale(memory, plane, dimension, weights, offset);
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
      kernels.accumulate(
          memory, plane, tokens, weights, offset, stride, from, to, sums, sum, dimension);
    }
  }
}
