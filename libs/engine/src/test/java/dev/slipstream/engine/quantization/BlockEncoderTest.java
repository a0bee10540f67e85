package dev.slipstream.engine.quantization;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.slipstream.engine.tensor.RowDecoder;
import dev.slipstream.models.gguf.GgmlType;
import dev.slipstream.models.gguf.GgufTensor;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.IntRange;
import org.assertj.core.data.Offset;

/** Weights that come back farther off than their format must make every answer worse. */
class BlockEncoderTest {
  /** Largest error of a number, as a share of the largest number of its block. */
  private static final Map<GgmlType, Double> BOUNDS =
      new EnumMap<>(
          Map.of(
              GgmlType.F32, 0.0,
              GgmlType.F16, 1.0 / (1 << 11),
              GgmlType.BF16, 1.0 / (1 << 8),
              GgmlType.Q8_0, 0.5 / 127 + 0x1p-11,
              // The end that the largest number is not at is one step short.
              GgmlType.Q4_0, 1.0 / 8 + 0x1p-10,
              GgmlType.Q5_0, 1.0 / 16 + 0x1p-10,
              GgmlType.Q4_1, 1.0 / 15 + 0x1p-9,
              GgmlType.Q5_1, 1.0 / 31 + 0x1p-9));

  /** 128 codes of half the smallest float16. */
  private static final double SMALL_SCALE = 0x1p-18;

  @Provide
  Arbitrary<GgmlType> simple() {
    return Arbitraries.of(BOUNDS.keySet());
  }

  @Provide
  Arbitrary<GgmlType> all() {
    return Arbitraries.of(TargetFormat.values()).map(TargetFormat::type);
  }

  @Property
  void numbersComeBackWithinTheStepOfTheirFormat(
      @ForAll("simple") GgmlType type,
      @ForAll long seed,
      @ForAll @IntRange(min = -12, max = 9) int e) {
    float[] x = gaussian(new Random(seed), 256, (float) Math.scalb(1.0, e));
    float[] back = roundTrip(type, x);
    int block = type.blockElements();
    for (int i = 0; i < x.length; i++) {
      double largest = 0;
      for (int j = i / block * block; j < (i / block + 1) * block; j++) {
        largest = Math.max(largest, Math.abs(x[j]));
      }
      double bound = BOUNDS.get(type) * largest + SMALL_SCALE;
      assertThat(Math.abs(back[i] - x[i]))
          .as("%s %s", type, x[i])
          .isLessThanOrEqualTo((float) bound);
    }
  }

  @Property
  void aKindOfNumberThatAFormatHoldsExactlyComesBackExactly(
      @ForAll("all") GgmlType type, @ForAll @IntRange(min = -8, max = 8) int exponent) {
    for (float value : roundTrip(type, new float[256])) {
      assertThat(value == 0).isTrue();
    }
    float[] once = roundTrip(type, gaussian(new Random(exponent), 256, 1));
    if (BOUNDS.containsKey(type) && type.blockElements() == 1) {
      assertThat(roundTrip(type, once)).isEqualTo(once);
    }
    float[] negative = new float[256];
    Arrays.fill(negative, (float) -Math.scalb(1.0, exponent));
    float[] back = roundTrip(type, negative);
    for (float value : back) {
      assertThat(value).isCloseTo(negative[0], within(negative[0], 0.01));
    }
  }

  @Property(tries = 30)
  void moreBitsMeanASmallerErrorAndTheSearchOfKFormatsPays(@ForAll long seed) {
    float[] x = gaussian(new Random(seed), 256 * 64, 0.02f);
    double q4 = error(GgmlType.Q4_K, x);
    double q5 = error(GgmlType.Q5_K, x);
    double q6 = error(GgmlType.Q6_K, x);
    assertThat(q4).isLessThan(error(GgmlType.Q4_1, x)).isLessThan(0.08);
    assertThat(q5).isLessThan(0.55 * q4);
    assertThat(q6).isLessThan(0.55 * q5);
    assertThat(error(GgmlType.Q8_0, x)).isLessThan(0.5 * q6);
  }

  @Example
  void whatCannotBeStoredIsRefusedAndNotStoredAsSomethingElse() {
    for (TargetFormat target : TargetFormat.values()) {
      GgmlType type = target.type();
      for (float bad : new float[] {Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY}) {
        float[] x = gaussian(new Random(1), 256, 1);
        x[77] = bad;
        if (target.isQuantized()) {
          assertThatThrownBy(() -> roundTrip(type, x))
              .as("%s in %s", bad, type)
              .isInstanceOf(ArithmeticException.class);
        } else {
          assertThat(Float.compare(roundTrip(type, x)[77], bad)).isZero();
        }
      }
      float[] large = gaussian(new Random(1), 256, 1);
      large[255] = 1e38f;
      if (type != GgmlType.F32 && type != GgmlType.BF16) {
        assertThatThrownBy(() -> roundTrip(type, large)).isInstanceOf(ArithmeticException.class);
      }
    }
    assertThatThrownBy(() -> roundTrip(GgmlType.BF16, new float[] {Float.MAX_VALUE}))
        .isInstanceOf(ArithmeticException.class)
        .hasMessageContaining("BF16");
  }

  @Example
  void numbersTooSmallForAScaleBecomeZero() {
    for (TargetFormat target : TargetFormat.values()) {
      for (float value : roundTrip(target.type(), gaussian(new Random(1), 256, 1e-41f))) {
        assertThat(value).as("%s", target).isBetween(-1e-38f, 1e-38f);
      }
    }
  }

  private static Offset<Float> within(float value, double share) {
    return Offset.offset((float) Math.abs(value * share));
  }

  private static float[] gaussian(Random random, int size, float scale) {
    float[] x = new float[size];
    for (int i = 0; i < size; i++) {
      x[i] = (float) random.nextGaussian() * scale;
    }
    return x;
  }

  /** Root mean square error, in units of the numbers' own. */
  private static double error(GgmlType type, float[] x) {
    float[] back = roundTrip(type, x);
    double error = 0;
    double squares = 0;
    for (int i = 0; i < x.length; i++) {
      error += (x[i] - back[i]) * (x[i] - back[i]);
      squares += x[i] * x[i];
    }
    return Math.sqrt(error / squares);
  }

  private static float[] roundTrip(GgmlType type, float[] x) {
    byte[] bytes = new byte[(int) type.rowBytes(x.length)];
    BlockEncoder encoder = BlockEncoder.of(type);
    for (int at = 0; at < x.length; at += type.blockElements()) {
      encoder.encode(x, at, bytes, (int) type.rowBytes(at));
    }
    List<Long> shape = List.of((long) x.length);
    float[] back = new float[x.length];
    new RowDecoder(new GgufTensor("x", type, shape, MemorySegment.ofArray(bytes))).decode(0, back);
    return back;
  }
}
