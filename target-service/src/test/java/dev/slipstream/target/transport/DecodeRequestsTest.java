package dev.slipstream.target.transport;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.slipstream.engine.cache.KvLayout;
import dev.slipstream.engine.cache.encoding.NamedEncoding;
import dev.slipstream.proto.v1.DecodeStart;
import dev.slipstream.proto.v1.SpeculationMode;
import dev.slipstream.target.application.ServedModel;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * What passes here is kept as long as an answer takes: a peer that can have it be of any size has
 * the target's memory.
 */
class DecodeRequestsTest {
  private static final String LONG = "x".repeat(1 << 20);
  private static final ServedModel MODEL =
      new ServedModel(
          "m",
          new ServedModel.Weights("toy", "F32", "digest"),
          new ServedModel.Tokens("t", 300, Set.of()),
          4096,
          KvLayout.perLayer(1, 1, 1, NamedEncoding.DEFAULT),
          null);

  private static DecodeStart.Builder start() {
    return DecodeStart.newBuilder().addPrompt(1).addPrompt(2);
  }

  private record Wrong(String field, Consumer<DecodeStart.Builder> change) {
    @Override
    public String toString() {
      return field;
    }
  }

  static List<Wrong> wrong() {
    return List.of(
        new Wrong("prompt", DecodeStart.Builder::clearPrompt),
        new Wrong("prompt[2]", start -> start.addPrompt(300)),
        new Wrong("request_id", start -> start.setRequestId(LONG)),
        new Wrong("tenant", start -> start.setTenant(LONG)),
        new Wrong("speculation.drafter", start -> start.getSpeculationBuilder().setDrafter(LONG)),
        new Wrong(
            "speculation.mode",
            start ->
                start.getSpeculationBuilder().setModeValue(SpeculationMode.values().length + 7)),
        new Wrong(
            "speculation.max_draft_tokens",
            start -> start.getSpeculationBuilder().setMaxDraftTokens(-1)),
        new Wrong("resumed_tokens", start -> start.setResumedTokens(2)),
        new Wrong("max_tokens", start -> start.setMaxTokens(0)),
        new Wrong("min_tokens", start -> start.setMaxTokens(3).setMinTokens(4)),
        new Wrong("min_tokens", start -> start.setMinTokens(-1)),
        new Wrong(
            "min_tokens",
            start ->
                start.setMinTokens(1).addAllStopTokenIds(IntStream.range(0, 300).boxed().toList())),
        new Wrong("top_logprobs", start -> start.setTopLogprobs(1000)),
        new Wrong("stop_token_ids[0]", start -> start.addStopTokenIds(-1)),
        new Wrong("sampling", start -> start.getSamplingBuilder().setTopP(2)));
  }

  @ParameterizedTest
  @MethodSource("wrong")
  void aFieldThatIsWrongIsNamedAndNotRepeated(Wrong wrong) {
    DecodeStart.Builder start = start();
    wrong.change.accept(start);
    assertThatThrownBy(() -> DecodeRequests.task(start.build(), MODEL))
        .hasMessageStartingWith(wrong.field)
        .message()
        .hasSizeLessThan(200);
  }

  @Test
  void aReasonOfAnyLengthIsToldBackShortened() {
    assertThat(DecodeRequests.task(start().setNoDraftReason(LONG).build(), MODEL).speculation())
        .satisfies(wish -> assertThat(wish.noDraftReason()).hasSize(256));
    assertThat(DecodeRequests.task(start().setNoDraftReason("none").build(), MODEL).speculation())
        .satisfies(wish -> assertThat(wish.noDraftReason()).isEqualTo("none"));
  }
}
