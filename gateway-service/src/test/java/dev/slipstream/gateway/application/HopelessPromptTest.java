package dev.slipstream.gateway.application;

import static org.assertj.core.api.Assertions.assertThat;

import dev.slipstream.gateway.fake.Bench;
import dev.slipstream.gateway.fake.FakeDraft;
import dev.slipstream.gateway.fake.FakeTarget;
import dev.slipstream.proto.v1.GenerateRequest;
import dev.slipstream.proto.v1.SpeculationOptions;
import dev.slipstream.proto.v1.TokenIds;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A prompt that cannot fit must cost next to nothing, and one that fits must never be refused. */
@Timeout(120)
class HopelessPromptTest {
  private final FakeTarget target = FakeTarget.start().says("ok");
  private final Bench bench = new Bench(List.of(target), List.of(), Bench.SETTINGS);

  @AfterEach
  void stop() {
    bench.close();
    target.close();
  }

  private static GenerateRequest.Builder text(String text) {
    return GenerateRequest.newBuilder().setModel(FakeTarget.MODEL).setText(text);
  }

  private void assertRefusedUnread(GenerateRequest.Builder request) {
    ApiError error = bench.begin(request).error();
    assertThat(error).isInstanceOf(ApiError.ContextExceeded.class);
    // If it had been tokenised, the number would be that of all its tokens.
    assertThat(error.message()).contains("at least 257 tokens were asked for");
  }

  @Test
  void aTextOfMegabytesIsRefusedByItsBeginning() {
    assertRefusedUnread(text("x".repeat(4 << 20)));
    assertRefusedUnread(text("\u00e4 \ud83d\ude00".repeat(100_000)));
    assertRefusedUnread(text("<|im_start|>".repeat(100_000)));
  }

  @Test
  void soIsAConversation() {
    assertRefusedUnread(Bench.chat("x".repeat(1 << 20), "y", "z"));
  }

  @Test
  void roomForTheAnswerCounts() {
    ApiError error = bench.begin(text("x".repeat(5000)).setMaxTokens(200)).error();
    assertThat(error.message()).contains("at least 57 in the prompt, 200 for the answer");
  }

  @Test
  void aPromptThatFillsTheContextIsAnswered() {
    assertThat(bench.begin(text("x".repeat(FakeTarget.CONTEXT - 1))).answer()).isEqualTo("ok");
    assertThat(bench.begin(text("<|im_end|>".repeat(FakeTarget.CONTEXT - 1))).answer())
        .isEqualTo("ok");
    assertThat(bench.begin(text("x".repeat(FakeTarget.CONTEXT))).error())
        .isInstanceOf(ApiError.ContextExceeded.class);
  }

  @Test
  void anAnswerDoesNotKeepTheTextOfItsConversation() {
    PreparedRequest prepared =
        bench.service().prepare(Bench.chat("hello").build(), "", Caller.ANYBODY).block();
    assertThat(prepared.request().hasChat()).isFalse();
    assertThat(prepared.prompt()).isNotEmpty();
  }

  @Test
  void tokensAreCountedAsTheyAre() {
    GenerateRequest.Builder ids = GenerateRequest.newBuilder().setModel(FakeTarget.MODEL);
    ids.setTokenIds(TokenIds.newBuilder().addAllIds(Collections.nCopies(300, 1)));
    assertThat(bench.begin(ids).error().message())
        .contains("but 301 tokens were asked for (300 in the prompt");
  }

  /** Whoever names drafters that there are not must not make threads wait for draft services. */
  @Test
  void aDraftServiceIsNotAskedForEveryUnknownDrafter() {
    try (FakeDraft draft = FakeDraft.start();
        Bench withDraft = new Bench(List.of(target), List.of(draft), Bench.SETTINGS)) {
      for (int i = 0; i < 20; i++) {
        var misspelt = SpeculationOptions.newBuilder().setDrafter("no-such-drafter-" + i);
        assertThat(withDraft.begin(text("hi").setSpeculation(misspelt)).answer()).isEqualTo("ok");
      }
      assertThat(draft.listed()).isLessThan(20);
    }
  }
}
