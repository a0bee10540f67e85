package dev.slipstream.gateway.http;

import static org.assertj.core.api.Assertions.assertThat;

import dev.slipstream.gateway.fake.FakeTarget;
import dev.slipstream.gateway.fake.Gateway;
import dev.slipstream.gateway.fake.TestVocabulary;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import tools.jackson.databind.JsonNode;

/** Whether {@code best_of} means to clients of completions what it means at OpenAI. */
@Tag("suite")
@Timeout(120)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class BestOfTest {
  private FakeTarget target;
  private Gateway gateway;

  /** Answers the longer, and the likelier, the higher the seed; the first seed is 10. */
  @BeforeAll
  void start() {
    target =
        FakeTarget.start()
            .script(
                decode -> {
                  int number = (int) decode.start().getSampling().getSeed() - 10;
                  decode.started().likely(number - 5f).commit("x".repeat(number + 1)).finishByEnd();
                });
    gateway = Gateway.start(target.address(), "").awaitModels(1);
  }

  @AfterAll
  void stop() {
    gateway.close();
    target.close();
  }

  private Gateway.Answer post(String prompt, String fields) {
    return gateway.post(
        "/v1/completions",
        "{\"model\": \"test-model\", \"seed\": 10, \"prompt\": %s, %s}".formatted(prompt, fields));
  }

  @Test
  void theBestAreShownAndAllAreCounted() {
    JsonNode answer = post("\"hi\"", "\"n\": 2, \"best_of\": 4").json();
    assertThat(answer.get("choices")).hasSize(2);
    assertThat(answer.at("/choices/0/index").intValue()).isZero();
    assertThat(answer.at("/choices/0/text").stringValue()).isEqualTo("xxxx");
    assertThat(answer.at("/choices/0/logprobs").isNull()).as("none were asked for").isTrue();
    assertThat(answer.at("/choices/1/index").intValue()).isEqualTo(1);
    assertThat(answer.at("/choices/1/text").stringValue()).isEqualTo("xxx");
    assertThat(answer.at("/usage/prompt_tokens").intValue()).isEqualTo(2);
    assertThat(answer.at("/usage/completion_tokens").intValue())
        .as("1 to 4, and an end token each")
        .isEqualTo(1 + 2 + 3 + 4 + 4);
  }

  @Test
  void everyPromptHasItsOwnBest() {
    JsonNode answer = post("[\"hi\", \"ho\"]", "\"best_of\": 2").json();
    assertThat(answer.get("choices")).hasSize(2);
    for (int i = 0; i < 2; i++) {
      assertThat(answer.at("/choices/" + i + "/index").intValue()).isEqualTo(i);
      assertThat(answer.at("/choices/" + i + "/text").stringValue()).isEqualTo("xx");
    }
    assertThat(answer.at("/usage/prompt_tokens").intValue()).isEqualTo(2 + 2);
  }

  @Test
  void thePromptIsEchoedBeforeEachOfThem() {
    for (String prompt : List.of("\"hi\"", TestVocabulary.tokens("hi").toString())) {
      JsonNode answer = post(prompt, "\"n\": 2, \"echo\": true").json();
      assertThat(answer.at("/choices/0/text").stringValue()).isEqualTo("hix");
      assertThat(answer.at("/choices/1/text").stringValue()).isEqualTo("hixx");
    }
  }

  @Test
  void fewerThanAreShownMakeNoSense() {
    refused("\"n\": 3, \"best_of\": 2", "best_of", "at least 'n'");
  }

  @Test
  void theBestCannotBeStreamed() {
    refused("\"best_of\": 2, \"stream\": true", "best_of", "'stream'");
  }

  @Test
  void theyCountAsChoicesOfAllPromptsTogether() {
    Gateway.Answer answer = post("[\"1\", \"2\", \"3\", \"4\"]", "\"n\": 1, \"best_of\": 17");
    assertThat(answer.status()).isEqualTo(400);
    assertThat(answer.json().at("/error/param").stringValue()).isEqualTo("best_of");
  }

  private void refused(String fields, String param, String message) {
    Gateway.Answer answer = post("\"hi\"", fields);
    assertThat(answer.status()).isEqualTo(400);
    assertThat(answer.json().at("/error/param").stringValue()).isEqualTo(param);
    assertThat(answer.json().at("/error/message").stringValue()).contains(message);
  }
}
