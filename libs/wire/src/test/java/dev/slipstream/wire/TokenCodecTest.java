package dev.slipstream.wire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.slipstream.engine.sampling.SamplingParams;
import dev.slipstream.proto.v1.DecodeStart;
import java.util.Arrays;
import java.util.List;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;

/** Ids lead to addresses in the model's tables: one outside must go no further than here. */
class TokenCodecTest {
  @Property
  void idsWithinTheVocabularyArriveAsTheyAre(@ForAll List<@IntRange(max = 49) Integer> ids)
      throws Exception {
    byte[] bytes = DecodeStart.newBuilder().addAllPrompt(ids).build().toByteArray();
    List<Integer> received = DecodeStart.parseFrom(bytes).getPromptList();

    assertThat(Arrays.stream(TokenCodec.decode("prompt", received, 50)).boxed().toList())
        .isEqualTo(ids);
    assertThat(IntStream.of(TokenCodec.ids(received)).boxed().toList()).isEqualTo(ids);
  }

  @Test
  void anIdOutsideIsRefusedWithItsPlace() {
    for (int id : new int[] {50, -1, Integer.MIN_VALUE, Integer.MAX_VALUE}) {
      assertThatExceptionOfType(MalformedMessageException.class)
          .isThrownBy(() -> TokenCodec.decode("prompt", List.of(1, 2, id), 50))
          .withMessage("prompt[2] is token " + id + ", outside of the vocabulary of 50");
    }
  }

  @Test
  void samplingHasItsDefaultsAndNamesWhatIsWrong() {
    assertThat(SamplingCodec.decode(params(p -> {}), 50, () -> 7))
        .isEqualTo(SamplingParams.plain(7));
    assertThat(SamplingCodec.decode(params(p -> p.setSeed(3).setTemperature(0)), 50, () -> 7))
        .isEqualTo(SamplingParams.greedy().withSeed(3));
    refused("sampling: temperature is 3", p -> p.setTemperature(3));
    refused("sampling: temperature is NaN", p -> p.setTemperature(Float.NaN));
    refused("sampling: top_k is -1", p -> p.setTopK(-1));
    refused("sampling: top_p is 0", p -> p.setTopP(0));
    refused(
        "sampling: logit_bias of token 3 is Infinity", p -> bias(p, 3, Float.POSITIVE_INFINITY));
    refused("sampling.logit_bias is token 50, outside", p -> bias(p, 50, 1));
    refused("sampling.logit_bias is token -1, outside", p -> bias(p, -1, 1));
  }

  private static void bias(
      dev.slipstream.proto.v1.SamplingParams.Builder params, int token, float bias) {
    params.putLogitBias(token, bias);
  }

  private static dev.slipstream.proto.v1.SamplingParams params(
      Consumer<dev.slipstream.proto.v1.SamplingParams.Builder> change) {
    var params = dev.slipstream.proto.v1.SamplingParams.newBuilder();
    change.accept(params);
    return params.build();
  }

  private static void refused(
      String said, Consumer<dev.slipstream.proto.v1.SamplingParams.Builder> change) {
    assertThatExceptionOfType(MalformedMessageException.class)
        .isThrownBy(() -> SamplingCodec.decode(params(change), 50, () -> 7))
        .withMessageContaining(said);
  }
}
