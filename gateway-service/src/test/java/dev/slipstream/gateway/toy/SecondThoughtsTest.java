package dev.slipstream.gateway.toy;

import static org.assertj.core.api.Assertions.assertThat;

import dev.slipstream.gateway.fake.FakeDecode;
import dev.slipstream.gateway.fake.FakeTarget;
import dev.slipstream.gateway.fake.Gateway;
import dev.slipstream.gateway.fake.TestVocabulary;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;

/** Whoever breaks this cannot add a way to make answers without changing the gateway. */
@Tag("suite")
@Timeout(120)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class SecondThoughtsTest {
  private FakeTarget target;
  private Gateway gateway;

  @BeforeAll
  void start() {
    target = FakeTarget.start();
    gateway =
        Gateway.start(List.of(SecondThoughts.Wiring.class), target.address(), "").awaitModels(1);
  }

  @AfterAll
  void stop() {
    gateway.close();
    target.close();
  }

  private Gateway.Answer post(String fields) {
    return gateway.post(
        "/v1/chat/completions",
        """
        {"model": "test-model", "seed": 5, "messages": [{"role": "user", "content": "hi"}]%s}"""
            .formatted(fields));
  }

  @Test
  void aStrategyOfItsOwnIsThereForRequestsThatNameIt() {
    var answer =
        CompletableFuture.supplyAsync(
            () -> post(", \"slipstream\": {\"strategy\": \"second-thoughts\"}"));
    FakeDecode before = target.next().started().commit("abc");
    FakeDecode after = target.next().started().commit("XYZ").finishByEnd();

    assertThat(answer.join().json().at("/choices/0/message/content").stringValue())
        .isEqualTo("abcXYZ");
    assertThat(answer.join().json().at("/usage/completion_tokens").intValue())
        .as("of both sequences, and the end")
        .isEqualTo(3 + 3 + 1);
    before.awaitCancel();
    int prompt = before.start().getPromptCount();
    assertThat(after.start().getPromptList().subList(prompt, prompt + SecondThoughts.TOKENS))
        .isEqualTo(TestVocabulary.tokens("abc"));
    assertThat(after.start().getResumedTokens()).isEqualTo(SecondThoughts.TOKENS);
    assertThat(after.start().getSampling().getSeed()).isEqualTo(6);
  }

  @Test
  void otherRequestsDoNotMeetIt() {
    var answer = CompletableFuture.supplyAsync(() -> post(""));
    target.next().started().commit("abcdef").finishByEnd();
    assertThat(answer.join().json().at("/choices/0/message/content").stringValue())
        .isEqualTo("abcdef");
  }

  @Test
  void aRequestForAnotherOneIsToldWhichThereAre() {
    Gateway.Answer refused = post(", \"slipstream\": {\"strategy\": \"magic\"}");
    assertThat(refused.status()).isEqualTo(400);
    assertThat(refused.json().at("/error/param").stringValue()).isEqualTo("slipstream.strategy");
    assertThat(refused.json().at("/error/message").stringValue())
        .contains("'magic'", "plain, best-of, second-thoughts");
  }

  @Test
  void aRequestThatDoesNotSuitTheOneThatItNamesIsRefused() {
    Gateway.Answer refused =
        post(", \"n\": 2, \"slipstream\": {\"strategy\": \"second-thoughts\"}");
    assertThat(refused.status()).isEqualTo(400);
    assertThat(refused.json().at("/error/param").stringValue()).isEqualTo("slipstream.strategy");
  }
}
