package dev.slipstream.gateway.http;

import static org.assertj.core.api.Assertions.assertThat;

import dev.slipstream.gateway.fake.Gateway;
import dev.slipstream.gateway.fake.TestVocabulary;
import dev.slipstream.proto.v1.DecodeStart;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Whether a target is asked for what the client has asked for. */
@Tag("suite")
class ChatParametersTest extends ChatFixture {

  @Test
  void rendersTheTemplateAndEncodesItsControlTokens() {
    target.says("x");
    chat("");
    List<Integer> expected = new ArrayList<>(List.of(TestVocabulary.START));
    expected.addAll(TestVocabulary.tokens("user\nhi"));
    expected.add(TestVocabulary.END);
    expected.addAll(TestVocabulary.tokens("\n"));
    expected.add(TestVocabulary.START);
    expected.addAll(TestVocabulary.tokens("assistant\n"));
    assertThat(target.next().start().getPromptList()).isEqualTo(expected);
  }

  @Test
  void passesEveryParameterToTheTarget() {
    target.says("x");
    chat(
        """
        , "temperature": 0.5, "top_p": 0.9, "top_k": 40, "min_p": 0.05, "seed": -7,
        "repetition_penalty": 1.1, "presence_penalty": 0.2, "frequency_penalty": -0.3,
        "logit_bias": {"65": -100}, "max_completion_tokens": 9, "min_tokens": 8, "ignore_eos": true,
        "logprobs": true, "top_logprobs": 2,
        "slipstream": {"speculation": "prompt-lookup", "max_draft_tokens": 4}""");
    DecodeStart start = target.next().start();
    var sampling = start.getSampling();
    assertThat(sampling.getTemperature()).isEqualTo(0.5f);
    assertThat(sampling.getTopP()).isEqualTo(0.9f);
    assertThat(sampling.getTopK()).isEqualTo(40);
    assertThat(sampling.getMinP()).isEqualTo(0.05f);
    assertThat(sampling.getSeed()).isEqualTo(-7);
    assertThat(sampling.getRepetitionPenalty()).isEqualTo(1.1f);
    assertThat(sampling.getPresencePenalty()).isEqualTo(0.2f);
    assertThat(sampling.getFrequencyPenalty()).isEqualTo(-0.3f);
    assertThat(sampling.getLogitBiasMap()).containsExactly(Map.entry(65, -100f));
    assertThat(start.getMaxTokens()).isEqualTo(9);
    assertThat(start.getMinTokens()).isEqualTo(8);
    assertThat(start.getIgnoreEos()).isTrue();
    assertThat(start.getTopLogprobs()).isEqualTo(2);
    assertThat(start.getSpeculation().getDrafter()).isEqualTo("prompt-lookup");
    assertThat(start.getSpeculation().getMaxDraftTokens()).isEqualTo(4);
    assertThat(start.getTokenizerDigest()).isEqualTo(TestVocabulary.tokenizer().digest());
  }

  @Test
  void anAnswerCannotHaveMoreTokensThanItMay() {
    for (String fields :
        List.of(
            ", \"min_tokens\": 10, \"max_tokens\": 9",
            ", \"min_tokens\": -1",
            ", \"min_tokens\": \"3\"")) {
      Gateway.Answer answer = post(fields);
      assertThat(answer.status()).as(fields).isEqualTo(400);
      assertThat(answer.json().at("/error/param").stringValue()).isEqualTo("min_tokens");
    }
    Gateway.Answer completion =
        gateway.post(
            "/v1/completions",
            "{\"model\": \"test-model\", \"prompt\": \"hi\", \"min_tokens\": 17}");
    assertThat(completion.status()).isEqualTo(400);
    assertThat(completion.json().at("/error/message").stringValue())
        .as("of the default")
        .contains("from 0 to 'max_tokens', 16");
  }

  /** As in vLLM: what would end the answer earlier does not. */
  @Test
  void aStopStringEndsNoAnswerBeforeItsLeastLength() {
    target.says("a.b.c.d");
    assertThat(
            chat(", \"min_tokens\": 4, \"stop\": \".\"")
                .at("/choices/0/message/content")
                .stringValue())
        .isEqualTo("a.b.c");
  }

  @Test
  void leavesToTheServerWhatTheRequestDoesNotSay() {
    target.says("x");
    chat(", \"temperature\": null, \"max_tokens\": null");
    DecodeStart start = target.next().start();
    assertThat(start.getSampling().hasTemperature()).isFalse();
    assertThat(start.hasMaxTokens()).isFalse();
    assertThat(start.hasTopLogprobs()).isFalse();
    assertThat(start.getSampling().hasSeed()).as("a random seed is drawn here").isTrue();
  }

  @Test
  void acceptsTextInPartsAndParametersThatAskForNothing() {
    target.says("x");
    Gateway.Answer answer =
        gateway.post(
            PATH,
            """
            {"model": "test-model", "messages": [
               {"role": "user", "content": [{"type": "text", "text": "h"}, {"type": "text", "text": "i"}]}],
             "tools": [], "tool_choice": null, "response_format": {"type": "text"},
             "parallel_tool_calls": null, "store": false, "service_tier": "auto",
             "metadata": null, "modalities": ["text"], "user": "someone"}""");
    assertThat(answer.status()).as(answer.body()).isEqualTo(200);
    assertThat(target.next().start().getPromptList().subList(6, 8))
        .isEqualTo(TestVocabulary.tokens("hi"));
  }

  @Test
  void namesAStopStringThatIsTooLong() {
    Gateway.Answer answer = post(", \"stop\": \"" + "x".repeat(1025) + "\"");
    assertThat(answer.status()).isEqualTo(400);
    assertThat(answer.json().at("/error/param").stringValue()).isEqualTo("stop");
    assertThat(answer.json().at("/error/message").stringValue())
        .contains("at most 1024 characters");
    target.says("ok");
    chat(", \"stop\": \"" + "x".repeat(1024) + "\"");
  }

  /** Two ways to write one id would be two values for it, of which one is lost. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "028",
        "0028",
        "00",
        " 28",
        "28 ",
        "+28",
        "-28",
        "2.8e1",
        "28.0",
        "0x1c",
        "28\\n",
        "\u0662\u0668",
        "",
        "2_8",
        "99999999999",
        "<s>"
      })
  void idsOfTokensAreWrittenInOneWay(String id) {
    Gateway.Answer answer = post(", \"logit_bias\": {\"28\": 1, \"" + id + "\": 2}");
    assertThat(answer.status()).isEqualTo(400);
    assertThat(answer.json().at("/error/param").stringValue()).startsWith("logit_bias.");
    assertThat(answer.json().at("/error/message").stringValue()).contains("without leading zeros");
  }

  @Test
  void theSameIdTwiceIsRefusedHoweverItIsEscaped() {
    for (String id : List.of("28", "\\u0032\\u0038", "2\\u0038")) {
      Gateway.Answer answer = post(", \"logit_bias\": {\"28\": 1, \"" + id + "\": 2}");
      assertThat(answer.status()).isEqualTo(400);
      assertThat(answer.json().at("/error/message").stringValue())
          .containsIgnoringCase("duplicate");
    }
    target.says("x");
    chat(", \"logit_bias\": {\"0\": 1, \"28\": 2}");
    assertThat(target.next().start().getSampling().getLogitBiasMap())
        .containsOnly(Map.entry(0, 1f), Map.entry(28, 2f));
  }
}
