package dev.slipstream.gateway.http;

import static org.assertj.core.api.Assertions.assertThat;

import dev.slipstream.gateway.fake.Gateway;
import dev.slipstream.gateway.fake.TestVocabulary;
import dev.slipstream.proto.v1.FinishReason;
import java.net.http.HttpRequest;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

/** Whether OpenAI clients find in whole answers to chats what they look for. */
@Tag("suite")
class ChatAnswerTest extends ChatFixture {

  @Test
  void answersWithTheWholeText() {
    target.says("Hello", " there", "!");
    JsonNode answer = chat("");
    assertThat(answer.get("id").stringValue()).startsWith("chatcmpl-");
    assertThat(answer.get("object").stringValue()).isEqualTo("chat.completion");
    assertThat(answer.get("created").isIntegralNumber()).isTrue();
    assertThat(answer.get("model").stringValue()).isEqualTo("test-model");
    assertThat(answer.get("system_fingerprint").stringValue()).isEqualTo("fp_0123456789ab");
    assertThat(answer.get("choices"))
        .isEqualTo(
            gateway.json(
                """
                [{"index": 0, "message": {"role": "assistant", "content": "Hello there!",
                  "refusal": null}, "logprobs": null, "finish_reason": "stop"}]"""));
  }

  @Test
  void countsTokensOfPromptAndAnswerWithTheEndToken() {
    target.says("Hello");
    JsonNode answer = chat("");
    int prompt = target.next().start().getPromptCount();
    assertThat(answer.get("usage"))
        .isEqualTo(
            gateway.json(
                """
                {"prompt_tokens": %d, "completion_tokens": 6, "total_tokens": %d,
                 "prompt_tokens_details": {"cached_tokens": 3}}"""
                    .formatted(prompt, prompt + 6)));
  }

  @Test
  void countsNoTokensBehindAStopString() {
    target.script(decode -> decode.started().commit("abXcd"));
    JsonNode answer = chat(", \"stop\": \"X\", \"return_token_ids\": true");
    assertThat(answer.at("/choices/0/message/content").stringValue()).isEqualTo("ab");
    assertThat(answer.at("/usage/completion_tokens").intValue()).isEqualTo(3);
    assertThat(answer.at("/choices/0/token_ids")).hasSize(3);
    assertThat(answer.at("/slipstream/lossless").stringValue()).isEqualTo("token");
  }

  @Test
  void saysThatTheAnswerWasCut() {
    target.script(d -> d.started().commit("ab").finish(FinishReason.FINISH_REASON_LENGTH));
    assertThat(chat(", \"max_tokens\": 2").at("/choices/0/finish_reason").stringValue())
        .isEqualTo("length");
  }

  @Test
  void givesSeveralAnswersSeedsOfTheirOwn() {
    target.script(
        decode -> {
          long seed = decode.start().getSampling().getSeed();
          decode.started().commit("seed " + seed).finishByEnd();
        });
    JsonNode answer = chat(", \"n\": 3, \"seed\": 41");
    for (int i = 0; i < 3; i++) {
      JsonNode choice = answer.get("choices").get(i);
      assertThat(choice.get("index").intValue()).isEqualTo(i);
      assertThat(choice.at("/message/content").stringValue()).isEqualTo("seed " + (41 + i));
    }
    assertThat(answer.at("/usage/completion_tokens").intValue()).isEqualTo(3 * 8);
    assertThat(answer.at("/usage/prompt_tokens").intValue())
        .as("one prompt, however many answers")
        .isEqualTo(target.next().start().getPromptCount());
  }

  @Test
  void showsLogprobsOfEveryToken() {
    target.script(d -> d.started().commit("é").finish(FinishReason.FINISH_REASON_LENGTH));
    JsonNode logprobs = chat(", \"logprobs\": true, \"top_logprobs\": 1").at("/choices/0/logprobs");
    assertThat(logprobs)
        .isEqualTo(
            gateway.json(
                """
                {"content": [
                   {"token": "\\ufffd", "logprob": -0.5, "bytes": [195],
                    "top_logprobs": [{"token": "\\ufffd", "logprob": -0.5, "bytes": [195]}]},
                   {"token": "\\ufffd", "logprob": -0.5, "bytes": [169],
                    "top_logprobs": [{"token": "\\ufffd", "logprob": -0.5, "bytes": [169]}]}],
                 "refusal": null}"""));
  }

  @Test
  void showsLogprobsWithoutAlternatives() {
    target.says("a");
    JsonNode content = chat(", \"logprobs\": true").at("/choices/0/logprobs/content");
    assertThat(content).hasSize(2);
    assertThat(content.get(0).get("top_logprobs").isEmpty()).isTrue();
    assertThat(content.get(1).get("token").stringValue()).isEqualTo("<|im_end|>");
    assertThat(content.get(1).get("bytes").isNull()).isTrue();
  }

  @Test
  void reportsHowTheAnswerCameAbout() {
    target.script(
        d ->
            d.started()
                .commit(TestVocabulary.tokens("abc"), 4, 2)
                .commit(TestVocabulary.tokens("d"), 4, 0)
                .commit("e")
                .finishByEnd());
    JsonNode figures = chat("").get("slipstream");
    assertThat(figures.get("drafted").intValue()).isEqualTo(8);
    assertThat(figures.get("accepted").intValue()).isEqualTo(2);
    assertThat(figures.get("rounds").intValue()).isEqualTo(2);
    assertThat(figures.get("acceptance_length").doubleValue()).isEqualTo(2.0);
    assertThat(figures.get("lossless").stringValue()).isEqualTo("token");
    assertThat(figures.get("prefix_hit_tokens").intValue()).isEqualTo(3);
    assertThat(figures.at("/timings/prefill").doubleValue()).isEqualTo(2.0);
    assertThat(figures.at("/timings/ttft").doubleValue()).isPositive();
  }

  @Test
  void carriesTheTraceOfTheRequestToTheTarget() {
    target.says("Hello");
    String trace = "4bf92f3577b34da6a3ce929d0e0e4736";
    Gateway.Answer answer =
        gateway.send(
            HttpRequest.newBuilder(gateway.uri(PATH))
                .header("Content-Type", "application/json")
                .header("traceparent", "00-" + trace + "-00f067aa0ba902b7-01")
                .POST(
                    HttpRequest.BodyPublishers.ofString(
                        """
                        {"model": "test-model", "messages": [{"role": "user", "content": "hi"}]}"""))
                .build());
    assertThat(answer.status()).isEqualTo(200);
    assertThat(target.traceparent()).startsWith("00-" + trace + "-");
  }
}
