package dev.slipstream.standalone.client;

import static org.assertj.core.api.Assertions.assertThat;

import dev.slipstream.standalone.client.BodyMutator.Mutant;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.Semaphore;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * Hostile bodies: whatever comes, the client gets JSON that says what was wrong, and the others
 * still get their answers.
 */
@Tag("model")
@Tag("suite")
@ExtendWith(RunningSuite.Extension.class)
class HttpFuzzTest {
  private static final long SEED = 20260101;
  private static final int BODIES = 10_000;
  private static final int AT_ONCE = 24;
  private static final List<String> INTERNALS =
      List.of("java.", "tools.jackson", "Exception", "StreamRead", "org.springframework");

  private final JsonMapper json = new JsonMapper();

  @Test
  void everyBodyGetsAnAnswerOrAnErrorThatSaysWhatIsWrong(RunningSuite suite) throws Exception {
    try (HttpClient client = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build()) {
      String before = knownAnswer(client, suite);
      BodyMutator mutator = new BodyMutator(SEED);
      List<Callable<Integer>> work = new ArrayList<>();
      Semaphore places = new Semaphore(AT_ONCE);
      for (int i = 0; i < BODIES; i++) {
        int number = i;
        Mutant mutant = mutator.next();
        work.add(
            () -> {
              places.acquire();
              try {
                return send(client, suite, mutant, number);
              } finally {
                places.release();
              }
            });
      }
      int answered = 0;
      try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
        for (Future<Integer> status : threads.invokeAll(work)) {
          answered += status.get() == 200 ? 1 : 0;
        }
      }
      assertThat(answered).as("some mutants are valid, most are not").isBetween(100, BODIES / 2);
      suite.awaitIdle();
      assertThat(knownAnswer(client, suite)).isEqualTo(before);
    }
  }

  private static String knownAnswer(HttpClient client, RunningSuite suite) throws Exception {
    String body =
        "{\"prompt\": \"The capital of France is\", \"max_tokens\": 8, \"temperature\": 0}";
    String answer = client.send(request(suite, body), HttpResponse.BodyHandlers.ofString()).body();
    return new JsonMapper().readTree(answer).at("/choices/0/text").stringValue();
  }

  private static HttpRequest request(RunningSuite suite, String body) {
    return HttpRequest.newBuilder(suite.uri("/v1/completions"))
        .header("Content-Type", "application/json")
        .POST(HttpRequest.BodyPublishers.ofString(body))
        .build();
  }

  private int send(HttpClient client, RunningSuite suite, Mutant mutant, int number)
      throws Exception {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(suite.uri(mutant.path()))
            .timeout(Duration.ofSeconds(120))
            .POST(HttpRequest.BodyPublishers.ofByteArray(mutant.body()));
    if (!mutant.contentType().isEmpty()) {
      request.header("Content-Type", mutant.contentType());
    }
    if (!mutant.contentEncoding().isEmpty()) {
      request.header("Content-Encoding", mutant.contentEncoding());
    }
    String what = "seed %d, body %d: %s".formatted(SEED, number, mutant);
    HttpResponse<String> response;
    try {
      response = client.send(request.build(), HttpResponse.BodyHandlers.ofString());
    } catch (java.io.IOException e) {
      throw new AssertionError("no answer to " + what, e);
    }
    check(response, what);
    return response.statusCode();
  }

  private void check(HttpResponse<String> response, String what) {
    String body = response.body();
    int status = response.statusCode();
    assertThat(status).as("%s%n%s", what, body).isIn(200, 400, 404, 413, 415, 429);
    String type = response.headers().firstValue("Content-Type").orElse("");
    if (type.startsWith("text/event-stream")) {
      assertThat(body).as(what).endsWith("data: [DONE]\n\n").doesNotContain("server_error");
      return;
    }
    assertThat(type).as(what).isEqualTo("application/json");
    JsonNode answer = json.readTree(body);
    if (status == 200) {
      assertThat(answer.has("error")).as(what).isFalse();
      return;
    }
    assertThat(answer.propertyNames()).as(what).containsExactly("error");
    JsonNode error = answer.get("error");
    assertThat(error.propertyNames()).containsExactlyInAnyOrder("message", "type", "param", "code");
    String message = error.get("message").stringValue();
    assertThat(message).as(what).hasSizeBetween(10, 1003).doesNotContain(INTERNALS);
    assertThat(error.get("type").stringValue()).as(what).endsWith("_error");
    assertThat(response.headers().firstValue("Retry-After").isPresent()).isEqualTo(status == 429);
  }
}
