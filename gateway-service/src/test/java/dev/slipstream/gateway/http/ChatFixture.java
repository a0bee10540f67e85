package dev.slipstream.gateway.http;

import static org.assertj.core.api.Assertions.assertThat;

import dev.slipstream.gateway.fake.FakeTarget;
import dev.slipstream.gateway.fake.Gateway;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.TestInstance;
import tools.jackson.databind.JsonNode;

/** Chats over HTTP with a whole gateway, whose target a test plays. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
abstract class ChatFixture {
  static final String PATH = "/v1/chat/completions";
  private static final String HELLO =
      """
      "model": "test-model", "messages": [{"role": "user", "content": "hi"}]""";

  FakeTarget target;
  Gateway gateway;

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

  /**
   * @param fields further ones of the request, beginning with a comma
   */
  Gateway.Answer post(String fields) {
    return gateway.post(PATH, "{" + HELLO + fields + "}");
  }

  JsonNode chat(String fields) {
    Gateway.Answer answer = post(fields);
    assertThat(answer.status()).as(answer.body()).isEqualTo(200);
    return answer.json();
  }

  List<JsonNode> stream(String fields) {
    List<String> events = Gateway.events(post(", \"stream\": true" + fields).body());
    assertThat(events.getLast()).isEqualTo("[DONE]");
    return events.subList(0, events.size() - 1).stream().map(gateway::json).toList();
  }

  static String text(List<JsonNode> chunks) {
    StringBuilder text = new StringBuilder();
    for (JsonNode chunk : chunks) {
      for (JsonNode choice : chunk.get("choices")) {
        text.append(choice.at("/delta/content").asString(""));
      }
    }
    return text.toString();
  }
}
