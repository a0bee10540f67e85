package dev.slipstream.gateway.application;

import static org.assertj.core.api.Assertions.assertThat;

import dev.slipstream.gateway.fake.Bench;
import dev.slipstream.gateway.fake.Exchange;
import dev.slipstream.gateway.fake.FakeDecode;
import dev.slipstream.gateway.fake.FakeTarget;
import dev.slipstream.gateway.fake.TestVocabulary;
import dev.slipstream.gateway.spi.GenerationEvent;
import dev.slipstream.proto.v1.CommittedToken;
import dev.slipstream.proto.v1.DecodeStart;
import dev.slipstream.proto.v1.FinishReason;
import dev.slipstream.proto.v1.SamplingParams;
import io.grpc.Metadata;
import io.grpc.Status;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Whoever breaks this cuts answers, repeats or loses tokens when a target is lost in the middle.
 */
@Timeout(120)
class ResumeTest extends TwoTargets {

  @ParameterizedTest
  @EnumSource(
      value = Status.Code.class,
      names = {"UNAVAILABLE", "CANCELLED", "INTERNAL", "UNKNOWN", "FAILED_PRECONDITION"})
  void anAnswerGoesOnAtTheOtherTargetHoweverTheFirstIsLost(Status.Code code) {
    Exchange chat = bench.begin(Bench.chat("hi"));
    begunAtFirst(chat, "Hello").fail(code.toStatus());
    second.next().started().commit(" there").finishByEnd();

    assertThat(chat.answer()).isEqualTo("Hello there");
    assertThat(chat.finished().reason()).isEqualTo(FinishReason.FINISH_REASON_STOP);
    assertThat(chat.finished().resumes()).isEqualTo(1);
    assertThat(chat.events().stream().filter(GenerationEvent.Started.class::isInstance)).hasSize(1);
    assertThat(bench.counter("slipstream.request.resumes")).isEqualTo(1);
    assertThat(bench.counter("slipstream.request.retries")).isZero();
  }

  /** Whatever the choice of a token depends on must be the same for the second target. */
  @Test
  void theOtherTargetIsToldWhatItNeedsToGoOnAlike() {
    Exchange chat =
        bench.begin(
            Bench.chat("hi")
                .setSampling(
                    SamplingParams.newBuilder().setTemperature(0.7f).setFrequencyPenalty(0.5f))
                .setMaxTokens(40)
                .setTopLogprobs(1)
                .setIgnoreEos(true));
    FakeDecode lost = begunAtFirst(chat, "one two ");
    DecodeStart before = lost.start();
    lost.fail(Status.UNAVAILABLE);
    FakeDecode rest = second.next();
    DecodeStart after = rest.start();
    rest.started().commit("three").finish(FinishReason.FINISH_REASON_LENGTH);

    int prompt = before.getPromptCount();
    assertThat(before.getResumedTokens()).isZero();
    assertThat(after.getResumedTokens()).isEqualTo(8);
    assertThat(after.getPromptList().subList(0, prompt)).isEqualTo(before.getPromptList());
    assertThat(after.getPromptList().subList(prompt, after.getPromptCount()))
        .isEqualTo(TestVocabulary.tokens("one two "));
    assertThat(before.getSampling().hasSeed()).as("although the request has none").isTrue();
    assertThat(after.toBuilder().clearPrompt().clearResumedTokens().build())
        .isEqualTo(before.toBuilder().clearPrompt().clearResumedTokens().build());
    assertThat(chat.answer()).isEqualTo("one two three");
    assertThat(chat.finished().reason()).isEqualTo(FinishReason.FINISH_REASON_LENGTH);
    assertThat(chat.tokens()).hasSize(13).allMatch(CommittedToken::hasLogprob);
    assertThat(chat.finished().usage().getPromptTokens()).isEqualTo(prompt);
    assertThat(chat.finished().usage().getCompletionTokens()).isEqualTo(13);
    assertThat(chat.finished().usage().getCachedTokens()).isEqualTo(3);
  }

  @Test
  void charactersAndStopStringsMayLieAcrossTheCut() {
    Exchange chat = bench.begin(Bench.chat("hi").addStop("END"));
    List<Integer> smile = TestVocabulary.tokens("😀");
    FakeDecode lost = first.next().started().commit(smile.subList(0, 2), 0, 0);
    lost.fail(Status.INTERNAL);
    FakeDecode rest = second.next().started();
    rest.commit(smile.subList(2, 4), 0, 0).commit(" E");
    rest.fail(Status.INTERNAL);
    FakeDecode end = first.next();
    assertThat(end.start().getResumedTokens()).isEqualTo(6);
    end.started().commit("ND and more");

    assertThat(chat.answer()).isEqualTo("😀 ");
    end.awaitCancel();
  }

  @Test
  void eachOfSeveralAnswersGoesOnWithItsOwnTokensAndSeed() {
    var request = Bench.chat("hi").setSampling(SamplingParams.newBuilder().setSeed(5));
    Exchange both = bench.begin(request, 2, 2);
    FakeDecode one = begunAtFirst(both, "a");
    FakeDecode other = first.next().started().commit("bcd");
    both.awaitText(1, "bcd");
    other.fail(Status.UNAVAILABLE);
    FakeDecode restOfOther = second.next().started().commit("D").finishByEnd();
    one.fail(Status.UNAVAILABLE);
    FakeDecode restOfOne = second.next().started().commit("A").finishByEnd();

    assertThat(both.answer(0)).isEqualTo("aA");
    assertThat(both.answer(1)).isEqualTo("bcdD");
    assertThat(restOfOne.start().getSampling().getSeed()).isEqualTo(5);
    assertThat(restOfOther.start().getSampling().getSeed()).isEqualTo(6);
    assertThat(restOfOne.start().getResumedTokens()).isEqualTo(1);
    assertThat(restOfOther.start().getResumedTokens()).isEqualTo(3);
  }

  @Test
  void tokensThatComeTwiceOrAreMissingDoNotReachTheClient() {
    Exchange chat = bench.begin(Bench.chat("hi"));
    FakeDecode confused = begunAtFirst(chat, "Hel");
    confused.skip(1).commit("o");
    second.next().started().commit("lo").finishByEnd();

    assertThat(chat.answer()).isEqualTo("Hello");
    confused.awaitCancel();
  }

  @Test
  void anAnswerWithoutAnyTargetLeftWaitsForOneToComeBack() {
    Exchange chat = bench.begin(Bench.chat("hi"));
    begunAtFirst(chat, "Hel");
    second.close();
    bench.awaitUp(1);
    first.close();
    bench.awaitUp(0);
    assertThat(chat.isOver()).isFalse();
    first.listen();
    first.next().started().commit("lo").finishByEnd();

    assertThat(chat.answer()).isEqualTo("Hello");
  }

  @Test
  void anAnswerThatWaitsForATargetIsGivenUpWhenTheGatewayStops() {
    Exchange chat = bench.begin(Bench.chat("hi"));
    begunAtFirst(chat, "Hel");
    second.close();
    first.close();
    bench.awaitUp(0);
    bench.targets().leave();

    assertThat(chat.error()).isInstanceOf(ApiError.Unavailable.class);
  }

  @Test
  void anAnswerMayLoseMoreTargetsThanThereAre() {
    Exchange chat = bench.begin(Bench.chat("hi"));
    begunAtFirst(chat, "1").fail(Status.UNAVAILABLE);
    for (int i = 2; i < 4; i++) {
      FakeDecode next = (i % 2 == 0 ? second : first).next().started().commit("" + i);
      bench.awaitUp(2);
      next.fail(Status.UNAVAILABLE);
    }
    second.next().started().finishByEnd();

    assertThat(chat.answer()).isEqualTo("123");
    assertThat(chat.finished().resumes()).isEqualTo(3);
  }

  @Test
  void anAnswerThatHasBegunWaitsForRoom() {
    Exchange chat = bench.begin(Bench.chat("hi"));
    begunAtFirst(chat, "Hel");
    first.close();
    Metadata trailers = new Metadata();
    trailers.put(Metadata.Key.of("retry-after-ms", Metadata.ASCII_STRING_MARSHALLER), "10");
    second.next().fail(Status.RESOURCE_EXHAUSTED, trailers);
    second.next().started().commit("lo").finishByEnd();

    assertThat(chat.answer()).isEqualTo("Hello");
  }

  @Test
  void anAnswerThatTargetsDoNotSurviveFailsInsteadOfTakingDownAll() {
    for (FakeTarget target : List.of(first, second)) {
      target.script(
          decode -> decode.started().fail(Status.UNAVAILABLE.withDescription("connection reset")));
    }
    Exchange chat = bench.begin(Bench.chat("hi"));

    assertThat(chat.error().message()).contains("connection reset");
    assertThat(bench.counter("slipstream.target.requests")).isEqualTo(2);
  }
}
