package dev.slipstream.gateway.http;

import static org.assertj.core.api.Assertions.assertThat;

import dev.slipstream.gateway.fake.FakeTarget;
import dev.slipstream.gateway.fake.Gateway;
import dev.slipstream.gateway.fake.TestVocabulary;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

/** Whether clients see which model it is that answers, and in which form. */
@Tag("suite")
class ModelsTest {
  @Test
  void aModelIsShownWithWhatItsAnswersDependOn() {
    try (FakeTarget target = FakeTarget.start().kvEncoding("i16s/2").drafters("prompt-lookup");
        Gateway gateway = Gateway.start(target.address(), "").awaitModels(1)) {
      JsonNode list = gateway.get("/v1/models").json();
      JsonNode one = gateway.get("/v1/models/test-model").json();
      assertThat(list.at("/object").stringValue()).isEqualTo("list");
      assertThat(list.at("/data")).hasSize(1).first().isEqualTo(one);
      assertThat(one)
          .isEqualTo(
              gateway.json(
                  """
                  {"id": "test-model", "object": "model", "created": 1700000000,
                   "owned_by": "slipstream", "max_model_len": %d,
                   "slipstream": {
                     "architecture": "llama", "model_digest": "0123456789abcdef",
                     "tokenizer_digest": "%s", "weight_format": "Q4_1",
                     "kv_encoding": "i16s/2", "drafters": ["prompt-lookup"]}}"""
                      .formatted(FakeTarget.CONTEXT, TestVocabulary.tokenizer().digest())));
    }
  }
}
