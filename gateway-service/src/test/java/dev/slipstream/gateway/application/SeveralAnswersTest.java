package dev.slipstream.gateway.application;

import static org.assertj.core.api.Assertions.assertThat;

import dev.slipstream.gateway.fake.Bench;
import dev.slipstream.gateway.fake.Exchange;
import dev.slipstream.gateway.fake.FakeDecode;
import dev.slipstream.gateway.fake.TestVocabulary;
import dev.slipstream.proto.v1.CommittedToken;
import dev.slipstream.proto.v1.DecodeStart;
import dev.slipstream.proto.v1.GenerateRequest;
import dev.slipstream.proto.v1.SamplingParams;
import io.grpc.Metadata;
import io.grpc.Status;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Whoever breaks this has several answers to one prompt compute it several times, or lose some. */
@Timeout(120)
class SeveralAnswersTest extends TwoTargets {
  private static GenerateRequest.Builder chat() {
    return Bench.chat("hi").setSampling(SamplingParams.newBuilder().setSeed(5));
  }

  /** The first stream's, which has computed the prompt. */
  private FakeDecode begun(Exchange exchange) {
    return begunAtFirst(exchange, "a");
  }

  @Test
  void theOthersAreOpenedWhereTheFirstHasComputedThePrompt() {
    Exchange three = bench.begin(chat(), 3, 3);
    FakeDecode one = first.next().started();
    three.awaitStart();
    assertThat(first.isIdle() && second.isIdle()).as("before there is a token").isTrue();
    one.commit("a");
    // They are opened at once, and may arrive in any order.
    for (int i = 0; i < 2; i++) {
      FakeDecode other = first.next().started();
      long seed = other.start().getSampling().getSeed();
      assertThat(seed).isIn(6L, 7L);
      other.commit(seed == 6 ? "b" : "c").finishByEnd();
      assertThat(withoutNames(other.start())).isEqualTo(withoutNames(one.start()));
    }
    one.finishByEnd();

    assertThat(three.answer(0)).isEqualTo("a");
    assertThat(three.answer(1)).isEqualTo("b");
    assertThat(three.answer(2)).isEqualTo("c");
    assertThat(second.isIdle()).isTrue();
  }

  private static DecodeStart withoutNames(DecodeStart start) {
    return start.toBuilder().clearRequestId().clearSampling().build();
  }

  /** A prompt that fills no block is in no cache; to wait for it would cost a pass for nothing. */
  @Test
  void aVeryShortPromptIsComputedForAllAtOnce() {
    bench.begin(GenerateRequest.newBuilder().setText("hi"), 2, 2);
    first.next();
    second.next();
  }

  @Test
  void theyFollowTheFirstToAnotherTarget() {
    Exchange both = bench.begin(chat(), 2, 2);
    first.next().started().fail(Status.UNAVAILABLE);
    FakeDecode one = second.next().started().commit("a");
    second.next().started().commit("b").finishByEnd();
    one.finishByEnd();

    assertThat(both.answer(0)).isEqualTo("a");
    assertThat(both.answer(1)).isEqualTo("b");
    assertThat(first.isIdle()).isTrue();
    assertThat(bench.counter("slipstream.request.retries")).isEqualTo(1);
  }

  /** Its client is in the middle of an answer already. */
  @Test
  void oneWithoutRoomWaitsInsteadOfFailingAll() {
    Metadata trailers = new Metadata();
    trailers.put(Metadata.Key.of("retry-after-ms", Metadata.ASCII_STRING_MARSHALLER), "10");
    Exchange both = bench.begin(chat(), 2, 2);
    FakeDecode one = begun(both);
    first.next().fail(Status.RESOURCE_EXHAUSTED, trailers);
    second.next().fail(Status.RESOURCE_EXHAUSTED, trailers);
    first.next().started().commit("b").finishByEnd();
    one.finishByEnd();

    assertThat(both.answer(1)).isEqualTo("b");
  }

  @Test
  void aClientThatLeavesFreesAll() {
    Exchange both = bench.begin(chat(), 2, 2);
    FakeDecode one = begun(both);
    FakeDecode other = first.next().started();
    both.leave();
    one.awaitCancel();
    other.awaitCancel();
  }

  @Test
  void aClientThatLeavesEarlyHasNoneOpenedAnyMore() {
    Exchange both = bench.begin(chat(), 3, 3);
    FakeDecode one = first.next().started();
    both.awaitStart().leave();
    one.commit("a");
    one.awaitCancel();
    assertThat(bench.counter("slipstream.target.requests")).isEqualTo(1);
    assertThat(bench.finished("abort")).as("all that the client has left").isEqualTo(3);
    assertThat(bench.finished("error")).as("a client that leaves is no fault").isZero();
  }

  @Test
  void oneThatFailsEndsAll() {
    Exchange both = bench.begin(chat(), 2, 2);
    FakeDecode one = begun(both);
    first.next().fail(Status.INVALID_ARGUMENT.withDescription("no such thing"));

    assertThat(both.error().message()).contains("no such thing");
    one.awaitCancel();
  }

  @Test
  void theBestHaveTheLikeliestTokens() {
    Exchange ranked = bench.begin(chat().setMaxTokens(9), 2, 3);
    FakeDecode one = first.next().started().likely(-2).commit("bad");
    FakeDecode two = first.next().started().likely(-0.1f).commit("good").likely(-0.3f);
    FakeDecode three = first.next().started().likely(-0.4f).commit("ok");
    two.finishByEnd();
    one.finishByEnd();
    three.finishByEnd();

    assertThat(ranked.answer(0)).isEqualTo("good");
    assertThat(ranked.answer(1)).isEqualTo("ok");
    assertThat(ranked.answer(2)).isEqualTo("bad");
    assertThat(ranked.tokens())
        .extracting(CommittedToken::getId)
        .startsWith(TestVocabulary.tokens("good").toArray(Integer[]::new));
    assertThat(one.start().hasTopLogprobs()).as("although the client wants none").isTrue();
    assertThat(one.start().getTopLogprobs()).isZero();
  }

  /** A seed must give the same answers again. */
  @Test
  void equallyGoodOnesStayInTheOrderOfTheirSeeds() {
    Exchange ranked = bench.begin(chat(), 1, 2);
    FakeDecode one = first.next().started().commit("a");
    first.next().started().commit("b").finishByEnd();
    one.finishByEnd();

    assertThat(ranked.answer()).isEqualTo("a");
  }
}
