package dev.slipstream.engine.sampling;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.slipstream.engine.sampling.SamplingParams.Cutoffs;
import dev.slipstream.engine.sampling.SamplingParams.Penalties;
import java.util.HashMap;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** A user who asks for an impossible value is told which one, instead of getting another answer. */
class SamplingParamsTest {

  static Stream<Arguments> invalid() {
    return Stream.of(
        Arguments.of("temperature", new float[] {-0.1f, 2.1f, Float.NaN}),
        Arguments.of("top_k", new float[] {-1}),
        Arguments.of("top_p", new float[] {0, 1.01f, -1, Float.NaN}),
        Arguments.of("min_p", new float[] {-0.1f, 1.1f, Float.NaN}),
        Arguments.of("repetition_penalty", new float[] {0, 1e-45f, 101, -1, Float.NaN}),
        Arguments.of("presence_penalty", new float[] {-2.1f, 2.1f, Float.NaN}),
        Arguments.of("frequency_penalty", new float[] {-2.1f, 2.1f, Float.NaN}),
        Arguments.of("logit_bias", new float[] {-101, 101, Float.NaN}));
  }

  @ParameterizedTest
  @MethodSource("invalid")
  void namesTheValueThatIsOutOfRange(String name, float[] values) {
    for (float value : values) {
      assertThatIllegalArgumentException()
          .isThrownBy(() -> with(name, value))
          .withMessageStartingWith(name + " ");
    }
  }

  @Test
  void acceptsTheEndsOfTheRanges() {
    new SamplingParams(
        2, new Cutoffs(0, 1, 1), new Penalties(0.01f, -2, 2), Map.of(0, -100f, 1, 100f), -1);
    new SamplingParams(0, new Cutoffs(1_000_000, 0.001f, 0), new Penalties(9, 2, -2), Map.of(), 1);
  }

  @Test
  void refusesNegativeTokensInTheBias() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new SamplingParams(1, Cutoffs.NONE, Penalties.NONE, Map.of(-1, 1f), 0))
        .withMessageContaining("logit_bias");
  }

  @Test
  void doesNotFollowLaterChangesOfTheBias() {
    Map<Integer, Float> bias = new HashMap<>(Map.of(1, 1f));
    SamplingParams params = new SamplingParams(1, Cutoffs.NONE, Penalties.NONE, bias, 0);
    bias.put(2, 2f);
    assertThat(params.logitBias()).containsOnlyKeys(1);
  }

  private static SamplingParams with(String name, float value) {
    return new SamplingParams(
        name.equals("temperature") ? value : 1,
        new Cutoffs(
            name.equals("top_k") ? (int) value : 0,
            name.equals("top_p") ? value : 1,
            name.equals("min_p") ? value : 0),
        new Penalties(
            name.equals("repetition_penalty") ? value : 1,
            name.equals("presence_penalty") ? value : 0,
            name.equals("frequency_penalty") ? value : 0),
        name.equals("logit_bias") ? Map.of(7, value) : Map.of(),
        0);
  }
}
