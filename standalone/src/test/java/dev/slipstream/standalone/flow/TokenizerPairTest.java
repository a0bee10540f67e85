package dev.slipstream.standalone.flow;

import static org.assertj.core.api.Assertions.assertThat;

import dev.slipstream.models.gguf.GgufWriter;
import dev.slipstream.proto.v1.GenerationServiceGrpc;
import dev.slipstream.proto.v1.ListModelsRequest;
import dev.slipstream.standalone.flow.Flow.Answer;
import dev.slipstream.standalone.suite.EmbeddedSuite;
import dev.slipstream.standalone.suite.Service;
import dev.slipstream.text.tokenizer.Tokenizer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Whoever breaks this lets a draft service guess in another model's tokens. */
@Tag("suite")
class TokenizerPairTest {
  private static final String PROMPT = "1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12,";

  @TempDir private Path home;

  @Test
  void aDraftServiceForAnotherVocabularyIsRefusedByNameAndTheAnswerComesWithoutIt()
      throws Exception {
    GgufWriter other =
        new GgufWriter()
            .string("tokenizer.ggml.model", "gpt2")
            .string("tokenizer.ggml.pre", "gpt-2")
            .strings("tokenizer.ggml.tokens", "a", "b", "<end>")
            .integers("tokenizer.ggml.token_type", 1, 1, 3)
            .strings("tokenizer.ggml.merges")
            .integer("tokenizer.ggml.eos_token_id", 2);
    String othersDigest = Tokenizer.of(other.parse().metadata()).digest();
    Path file = Files.write(home.resolve("other.gguf"), other.bytes());
    var wrong = Map.of(Service.DRAFT, Map.of("slipstream.draft.model", file.toString()));
    try (var suite = EmbeddedSuite.start(Flow.settings(home, wrong))) {
      var channel = Flow.connect(suite.grpcAddress().orElseThrow());
      try {
        Answer plain =
            Flow.ask(
                channel, Flow.text(PROMPT, 24).setSpeculation(Flow.speculation(false)).build());
        Answer answer = Flow.ask(channel, Flow.text(PROMPT, 24).build());
        assertThat(answer.ids()).hasSize(24).isEqualTo(plain.ids());
        assertThat(answer.speculation().getState()).isEqualTo("off");
        String digest =
            GenerationServiceGrpc.newBlockingStub(channel)
                .listModels(ListModelsRequest.getDefaultInstance())
                .getModels(0)
                .getTokenizerDigest();
        assertThat(answer.speculation().getReason())
            .contains("FAILED_PRECONDITION", digest, othersDigest);
        assertThat(answer.speculation().getDrafted()).isZero();
        assertThat(Flow.metric(suite, Service.DRAFT, "slipstream.draft.refused")).isEqualTo(1);
      } finally {
        channel.shutdownNow();
      }
    }
  }
}
