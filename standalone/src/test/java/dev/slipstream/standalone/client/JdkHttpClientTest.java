package dev.slipstream.standalone.client;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * Whether the JDK's client works as it is. It asks for HTTP/2 with {@code Upgrade: h2c}, and
 * LangChain4j and Spring's RestClient are built on it.
 */
@Tag("model")
@Tag("suite")
@ExtendWith(RunningSuite.Extension.class)
class JdkHttpClientTest {
  private static final String QUESTION =
      """
      {"model": "smollm2-135m-instruct", "temperature": 0, "max_tokens": 12, "stream": %s,
       "messages": [{"role": "user", "content": "What is the capital of France?"}]}""";

  private final JsonMapper json = new JsonMapper();

  private static HttpRequest request(RunningSuite suite, String body) {
    return HttpRequest.newBuilder(suite.uri("/v1/chat/completions"))
        .header("Content-Type", "application/json")
        .POST(HttpRequest.BodyPublishers.ofString(body))
        .build();
  }

  @Test
  void postsWithItsDefaults(RunningSuite suite) throws Exception {
    try (HttpClient client = HttpClient.newHttpClient()) {
      for (int i = 0; i < 2; i++) {
        HttpResponse<String> response =
            client.send(
                request(suite, QUESTION.formatted(false)), HttpResponse.BodyHandlers.ofString());
        assertThat(response.statusCode()).as(response.body()).isEqualTo(200);
        JsonNode answer = json.readTree(response.body());
        assertThat(answer.at("/choices/0/message/content").stringValue()).contains("Paris");
      }
    }
  }

  @Test
  void postsLargeBodies(RunningSuite suite) throws Exception {
    String body =
        "{\"messages\": [{\"role\": \"user\", \"content\": \"%s\"}]}"
            .formatted("word ".repeat(200_000));
    try (HttpClient client = HttpClient.newHttpClient()) {
      HttpResponse<String> response =
          client.send(request(suite, body), HttpResponse.BodyHandlers.ofString());
      assertThat(response.statusCode()).isEqualTo(400);
      assertThat(json.readTree(response.body()).at("/error/code").stringValue())
          .isEqualTo("context_length_exceeded");
    }
  }

  @Test
  void readsAStreamLineByLine(RunningSuite suite) throws Exception {
    try (HttpClient client = HttpClient.newHttpClient()) {
      HttpResponse<Stream<String>> response =
          client.send(
              request(suite, QUESTION.formatted(true)), HttpResponse.BodyHandlers.ofLines());
      assertThat(response.headers().firstValue("Content-Type")).contains("text/event-stream");
      List<String> data = response.body().filter(line -> line.startsWith("data: ")).toList();
      assertThat(data.getLast()).isEqualTo("data: [DONE]");
      StringBuilder text = new StringBuilder();
      for (String event : data.subList(0, data.size() - 1)) {
        JsonNode chunk = json.readTree(event.substring("data: ".length()));
        text.append(chunk.at("/choices/0/delta/content").asString(""));
      }
      assertThat(text.toString()).contains("Paris");
    }
  }

  @Test
  void leavingInTheMiddleOfAnAnswerFreesItsKvBlocks(RunningSuite suite) throws Exception {
    String endless =
        """
        {"prompt": "One, two, three,", "max_tokens": 900, "ignore_eos": true, "stream": true}""";
    HttpRequest request =
        HttpRequest.newBuilder(suite.uri("/v1/completions"))
            .header("Content-Type", "application/json")
            .POST(HttpRequest.BodyPublishers.ofString(endless))
            .build();
    try (HttpClient client = HttpClient.newHttpClient()) {
      var response = client.send(request, HttpResponse.BodyHandlers.ofInputStream());
      assertThat(response.body().read()).isEqualTo('d');
      response.body().close();
      suite.awaitIdle();
    }
  }
}
