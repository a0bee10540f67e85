package dev.slipstream.gateway.http;

import static org.assertj.core.api.Assertions.assertThat;

import dev.slipstream.gateway.fake.FakeDecode;
import dev.slipstream.gateway.fake.FakeTarget;
import dev.slipstream.gateway.fake.Gateway;
import dev.slipstream.gateway.fake.TestVocabulary;
import dev.slipstream.proto.v1.DecodeStart;
import dev.slipstream.proto.v1.FinishReason;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import tools.jackson.databind.JsonNode;

/** Whether OpenAI clients find in answers to chats what they look for. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class ChatCompletionsTest {
  private static final String PATH = "/v1/chat/completions";
  private static final String HELLO =
      """
      "model": "test-model", "messages": [{"role": "user", "content": "hi"}]""";

  private FakeTarget target;
  private Gateway gateway;

  @BeforeAll
  void start() {
    target = FakeTarget.start();
    gateway = Gateway.start(target.address(), "").awaitModels(1);
  }

  @AfterAll
  void stop() {
    gateway.close();
    target.close();
  }

  private JsonNode chat(String fields) {
    Gateway.Answer answer = gateway.post(PATH, "{" + HELLO + fields + "}");
    assertThat(answer.status()).as(answer.body()).isEqualTo(200);
    return answer.json();
  }

  private List<JsonNode> stream(String fields) {
    List<String> events = gateway.events(PATH, "{" + HELLO + ", \"stream\": true" + fields + "}");
    assertThat(events.getLast()).isEqualTo("[DONE]");
    return events.subList(0, events.size() - 1).stream().map(gateway::json).toList();
  }

  private static String text(List<JsonNode> chunks) {
    StringBuilder text = new StringBuilder();
    for (JsonNode chunk : chunks) {
      for (JsonNode choice : chunk.get("choices")) {
        text.append(choice.at("/delta/content").asString(""));
      }
    }
    return text.toString();
  }

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
  void rendersTheTemplateAndEncodesItsControlTokens() {
    target.says("x");
    chat("");
    List<Integer> expected = new java.util.ArrayList<>(List.of(TestVocabulary.START));
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
        "logit_bias": {"65": -100}, "max_completion_tokens": 9, "ignore_eos": true,
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
    assertThat(sampling.getLogitBiasMap()).containsExactly(java.util.Map.entry(65, -100f));
    assertThat(start.getMaxTokens()).isEqualTo(9);
    assertThat(start.getIgnoreEos()).isTrue();
    assertThat(start.getTopLogprobs()).isEqualTo(2);
    assertThat(start.getSpeculation().getDrafter()).isEqualTo("prompt-lookup");
    assertThat(start.getSpeculation().getMaxDraftTokens()).isEqualTo(4);
    assertThat(start.getTokenizerDigest()).isEqualTo(TestVocabulary.tokenizer().digest());
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
  void streamsRoleThenTextThenReason() {
    target.says("Hel", "lo");
    List<JsonNode> chunks = stream("");
    assertThat(chunks).hasSize(4);
    assertThat(chunks).allMatch(c -> c.get("object").stringValue().equals("chat.completion.chunk"));
    assertThat(chunks).extracting(c -> c.get("id")).containsOnly(chunks.getFirst().get("id"));
    assertThat(chunks).noneMatch(c -> c.has("usage"));
    assertThat(chunks)
        .extracting(c -> c.get("choices"))
        .containsExactly(
            choice("{\"role\": \"assistant\", \"content\": \"\"}", "null"),
            choice("{\"content\": \"Hel\"}", "null"),
            choice("{\"content\": \"lo\"}", "null"),
            choice("{}", "\"stop\""));
    assertThat(chunks.getLast().has("slipstream")).isTrue();
    assertThat(chunks.subList(0, 3)).noneMatch(c -> c.has("slipstream"));
  }

  private JsonNode choice(String delta, String reason) {
    return gateway.json(
        "[{\"index\": 0, \"delta\": %s, \"logprobs\": null, \"finish_reason\": %s}]"
            .formatted(delta, reason));
  }

  @Test
  void addsUsageToAStreamThatAsksForIt() {
    target.says("Hello");
    List<JsonNode> chunks = stream(", \"stream_options\": {\"include_usage\": true}");
    assertThat(chunks.subList(0, chunks.size() - 1)).allMatch(c -> c.get("usage").isNull());
    JsonNode last = chunks.getLast();
    assertThat(last.get("choices").isEmpty()).isTrue();
    assertThat(last.at("/usage/completion_tokens").intValue()).isEqualTo(6);
    assertThat(last.has("slipstream")).isFalse();
  }

  @Test
  void neverSplitsACharacter() {
    List<Integer> bytes = TestVocabulary.tokens("a😀b");
    target.script(
        decode -> {
          decode.started();
          bytes.forEach(token -> decode.commit(List.of(token), 0, 0));
          decode.finishByEnd();
        });
    List<JsonNode> chunks = stream("");
    assertThat(chunks)
        .extracting(c -> c.at("/choices/0/delta/content").asString(""))
        .containsExactly("", "a", "😀", "b", "");
  }

  @Test
  void endsBeforeAStopStringThatTokensShareAndFreesTheTarget() {
    target.script(
        decode -> {
          decode.started().commit("one E").commit("N").commit("D two");
        });
    List<JsonNode> chunks = stream(", \"stop\": [\"END\"]");
    assertThat(text(chunks)).isEqualTo("one ");
    assertThat(chunks.getLast().at("/choices/0/finish_reason").stringValue()).isEqualTo("stop");
    target.next().awaitCancel();
  }

  @Test
  void givesOutWhatOnlyLookedLikeAStopString() {
    target.says("one E", "N", "T", " E");
    assertThat(text(stream(", \"stop\": \"END\""))).isEqualTo("one ENT E");
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
  void streamsSeveralAnswersByIndex() {
    target.says("ab");
    List<JsonNode> chunks = stream(", \"n\": 2");
    for (int i = 0; i < 2; i++) {
      int index = i;
      List<JsonNode> own =
          chunks.stream().filter(c -> c.at("/choices/0/index").intValue() == index).toList();
      assertThat(text(own)).isEqualTo("ab");
      assertThat(own.getFirst().at("/choices/0/delta/role").stringValue()).isEqualTo("assistant");
      assertThat(own.getLast().at("/choices/0/finish_reason").stringValue()).isEqualTo("stop");
    }
    assertThat(chunks.stream().filter(c -> c.has("slipstream"))).hasSize(1);
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
  void returnsTokenIds() {
    target.says("ab");
    List<JsonNode> chunks = stream(", \"return_token_ids\": true");
    FakeDecode decode = target.next();
    assertThat(chunks.getFirst().get("prompt_token_ids")).hasSize(decode.start().getPromptCount());
    assertThat(chunks.get(1).at("/choices/0/token_ids")).isEqualTo(gateway.json("[97, 98]"));
    assertThat(chunks.get(2).at("/choices/0/token_ids")).isEqualTo(gateway.json("[257]"));
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
}
