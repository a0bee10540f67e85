package dev.slipstream.gateway.http;

import static org.assertj.core.api.Assertions.assertThat;

import dev.slipstream.gateway.fake.FakeDecode;
import dev.slipstream.gateway.fake.TestVocabulary;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

/** Whether OpenAI clients find in streams of chats what they look for. */
@Tag("suite")
class ChatStreamTest extends ChatFixture {

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
  void returnsTokenIds() {
    target.says("ab");
    List<JsonNode> chunks = stream(", \"return_token_ids\": true");
    FakeDecode decode = target.next();
    assertThat(chunks.getFirst().get("prompt_token_ids")).hasSize(decode.start().getPromptCount());
    assertThat(chunks.get(1).at("/choices/0/token_ids")).isEqualTo(gateway.json("[97, 98]"));
    assertThat(chunks.get(2).at("/choices/0/token_ids")).isEqualTo(gateway.json("[257]"));
  }

  private JsonNode choice(String delta, String reason) {
    return gateway.json(
        "[{\"index\": 0, \"delta\": %s, \"logprobs\": null, \"finish_reason\": %s}]"
            .formatted(delta, reason));
  }
}
