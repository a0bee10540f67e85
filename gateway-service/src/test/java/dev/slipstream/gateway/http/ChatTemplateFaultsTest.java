package dev.slipstream.gateway.http;

import static org.assertj.core.api.Assertions.assertThat;

import dev.slipstream.gateway.fake.FakeTarget;
import dev.slipstream.gateway.fake.Gateway;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;

/** A model whose template is of no use must still serve what needs none, and say what is wrong. */
@Tag("suite")
@ExtendWith(OutputCaptureExtension.class)
class ChatTemplateFaultsTest {
  private static final String CHAT =
      """
      {"model": "test-model", "messages": [{"role": "user", "content": "hi"}]}""";
  private static final String COMPLETION =
      """
      {"model": "test-model", "prompt": "hi"}""";

  private static Gateway.Answer chat(Gateway gateway) {
    return gateway.post("/v1/chat/completions", CHAT);
  }

  private static void assertServesCompletions(Gateway gateway, FakeTarget target) {
    var answer = CompletableFuture.supplyAsync(() -> gateway.post("/v1/completions", COMPLETION));
    target.next().started().finishByEnd();
    assertThat(answer.join().status()).isEqualTo(200);
  }

  @Test
  void whatATemplateNeedsAndWeLackIsNamedInTheLogAndToEachClient(CapturedOutput output) {
    try (FakeTarget target = FakeTarget.withTemplate("a\n{{ messages|nosuchfilter }}");
        Gateway gateway = Gateway.start(target.address(), "").awaitModels(1)) {
      assertThat(output)
          .contains("serves no chat with test-model")
          .contains("line 2: No filter named 'nosuchfilter'");
      Gateway.Answer refused = chat(gateway);
      assertThat(refused.status()).isEqualTo(400);
      assertThat(refused.json().at("/error/code").stringValue()).isEqualTo("no_chat_template");
      assertThat(refused.json().at("/error/message").stringValue())
          .contains("line 2: No filter named 'nosuchfilter'")
          .contains("/v1/completions");
      assertServesCompletions(gateway, target);
    }
  }

  @Test
  void aModelWithoutTemplateServesCompletions() {
    try (FakeTarget target = FakeTarget.withTemplate(null);
        Gateway gateway = Gateway.start(target.address(), "").awaitModels(1)) {
      assertThat(chat(gateway).status()).isEqualTo(400);
      assertServesCompletions(gateway, target);
    }
  }

  @Test
  void aTemplateWithoutEndFailsItsChatsAlone() {
    String endless =
        "{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}";
    try (FakeTarget target = FakeTarget.withTemplate(endless);
        Gateway gateway = Gateway.start(target.address(), "").awaitModels(1)) {
      Gateway.Answer refused = chat(gateway);
      assertThat(refused.status()).isEqualTo(400);
      assertThat(refused.json().at("/error/message").stringValue()).contains("too many steps");
      assertServesCompletions(gateway, target);
    }
  }
}
