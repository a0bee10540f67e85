package dev.slipstream.standalone.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.openai.client.OpenAIClient;
import com.openai.client.okhttp.OpenAIOkHttpClient;
import com.openai.core.JsonValue;
import com.openai.errors.BadRequestException;
import com.openai.errors.NotFoundException;
import com.openai.models.chat.completions.ChatCompletion;
import com.openai.models.chat.completions.ChatCompletionChunk;
import com.openai.models.chat.completions.ChatCompletionCreateParams;
import com.openai.models.chat.completions.ChatCompletionStreamOptions;
import com.openai.models.completions.Completion;
import com.openai.models.completions.CompletionCreateParams;
import java.util.List;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.extension.ExtendWith;

/** Whether an application that uses OpenAI's official client needs nothing but another address. */
@Tag("model")
@Tag("suite")
@ExtendWith(RunningSuite.Extension.class)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class OpenAiClientTest {
  private OpenAIClient client;

  @BeforeAll
  void connect(RunningSuite suite) {
    client =
        OpenAIOkHttpClient.builder().baseUrl(suite.uri("/v1").toString()).apiKey("none").build();
  }

  @AfterAll
  void disconnect() {
    if (client != null) {
      client.close();
    }
  }

  private static ChatCompletionCreateParams.Builder question() {
    return ChatCompletionCreateParams.builder()
        .model(RunningSuite.MODEL)
        .temperature(0)
        .maxCompletionTokens(12)
        .addUserMessage("What is the capital of France?");
  }

  @Test
  void chats() {
    ChatCompletion answer = client.chat().completions().create(question().build());
    answer.validate();
    var choice = answer.choices().getFirst();
    assertThat(choice.message().content().orElseThrow()).contains("Paris");
    assertThat(answer.usage().orElseThrow().completionTokens()).isBetween(1L, 12L);
    assertThat(answer._additionalProperties()).containsKey("slipstream");
  }

  @Test
  void streamsTheSameAnswer() {
    String whole =
        client.chat().completions().create(question().build()).choices().stream()
            .map(choice -> choice.message().content().orElseThrow())
            .collect(Collectors.joining());
    var options = ChatCompletionStreamOptions.builder().includeUsage(true).build();
    List<ChatCompletionChunk> chunks;
    try (var stream =
        client.chat().completions().createStreaming(question().streamOptions(options).build())) {
      chunks = stream.stream().toList();
    }
    chunks.forEach(ChatCompletionChunk::validate);
    String text =
        chunks.stream()
            .flatMap(chunk -> chunk.choices().stream())
            .flatMap(choice -> choice.delta().content().stream())
            .collect(Collectors.joining());
    assertThat(text).isEqualTo(whole);
    assertThat(
            chunks.stream()
                .flatMap(chunk -> chunk.choices().stream())
                .filter(choice -> choice.delta().role().isPresent()))
        .as("the role comes once")
        .hasSize(1);
    assertThat(chunks.getLast().usage()).as("usage comes last").isPresent();
  }

  @Test
  void givesLogprobsAndSeveralAnswers() {
    ChatCompletion answer =
        client
            .chat()
            .completions()
            .create(question().n(2).logprobs(true).topLogprobs(3).maxCompletionTokens(2).build());
    answer.validate();
    assertThat(answer.choices()).hasSize(2);
    assertThat(answer.choices().get(0).message().content())
        .as("greedy answers are equal")
        .isEqualTo(answer.choices().get(1).message().content());
    var tokens = answer.choices().getFirst().logprobs().orElseThrow().content().orElseThrow();
    assertThat(tokens).hasSize(2).allMatch(token -> token.topLogprobs().size() == 3);
    assertThat(tokens).allMatch(token -> token.logprob() == token.topLogprobs().get(0).logprob());
  }

  @Test
  void completesTextsAndTokens() {
    CompletionCreateParams.Builder params =
        CompletionCreateParams.builder().model(RunningSuite.MODEL).temperature(0).maxTokens(3);
    Completion text =
        client.completions().create(params.prompt("The capital of France is").build());
    text.validate();
    assertThat(text.choices().getFirst().text()).startsWith(" Paris");
    Completion two =
        client
            .completions()
            .create(
                params
                    .promptOfArrayOfStrings(List.of("The capital of France is", "1 2 3"))
                    .build());
    assertThat(two.choices()).hasSize(2);
    assertThat(two.choices().getFirst().text()).isEqualTo(text.choices().getFirst().text());
  }

  @Test
  void listsModels() {
    assertThat(client.models().list().data())
        .singleElement()
        .satisfies(model -> assertThat(model.validate().id()).isEqualTo(RunningSuite.MODEL));
    assertThat(client.models().retrieve(RunningSuite.MODEL).ownedBy()).isEqualTo("slipstream");
  }

  @Test
  void errorsAreThoseOfTheClient() {
    assertThatThrownBy(
            () -> client.chat().completions().create(question().temperature(2.5).build()))
        .isInstanceOfSatisfying(
            BadRequestException.class,
            e -> {
              assertThat(e.param()).contains("temperature");
              assertThat(e.type()).contains("invalid_request_error");
              assertThat(e).hasMessageContaining("from 0 to 2");
            });
    assertThatThrownBy(() -> client.chat().completions().create(question().model("gpt-4o").build()))
        .isInstanceOfSatisfying(
            NotFoundException.class, e -> assertThat(e.code()).contains("model_not_found"));
  }

  @Test
  void takesOurOwnParametersAsExtraFields() {
    ChatCompletion answer =
        client
            .chat()
            .completions()
            .create(
                question()
                    .putAdditionalBodyProperty("top_k", JsonValue.from(40))
                    .putAdditionalBodyProperty(
                        "slipstream", JsonValue.from(java.util.Map.of("speculation", "off")))
                    .build());
    assertThat(answer._additionalProperties().get("slipstream").toString()).contains("state=off");
  }
}
