package dev.slipstream.system;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.IntConsumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * A gateway as its clients see it.
 *
 * @param key the client's API key, or empty
 */
public record Gateway(HttpClient client, URI address, Optional<String> key) {
  private static final JsonMapper JSON = new JsonMapper();

  /** Pieces of an answer after which it is surely under way. */
  private static final int MIDST = 8;

  /** A line of Prometheus's format: name, labels if there are any, value. */
  private static final Pattern SAMPLE = Pattern.compile("(\\w+)(?:\\{(.*)\\})? (\\S+)");

  private static final Pattern LABEL = Pattern.compile("(\\w+)=\"([^\"]*)\"");

  /**
   * A whole answer.
   *
   * @param millisToFirst from sending the request to the first text
   * @param cached tokens of the prompt that the target had, or fetched from kv
   * @param resumes how often another target had to go on
   */
  public record Answer(String text, double millisToFirst, int cached, int resumes) {}

  /** One that keeps its connections, as clients do. */
  public static HttpClient newClient() {
    return HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
  }

  /** For clients without a key. */
  public static Gateway at(URI address) {
    return new Gateway(newClient(), address, Optional.empty());
  }

  Gateway withKey(String other) {
    return new Gateway(client, address, Optional.of(other));
  }

  /** A greedy chat that is not streamed, whatever comes of it. */
  HttpResponse<String> chat(String prompt, int tokens) throws IOException, InterruptedException {
    return client.send(request("", tokens, user(prompt)), HttpResponse.BodyHandlers.ofString());
  }

  /** A greedy completion of a text as it is, whatever comes of it. */
  HttpResponse<String> completion(String prompt, int tokens)
      throws IOException, InterruptedException {
    return post(
        "/v1/completions",
        """
        {"temperature": 0, "max_tokens": %d, "prompt": %s}
        """
            .formatted(tokens, JSON.writeValueAsString(prompt))
            .getBytes(StandardCharsets.UTF_8));
  }

  /** The text of a good answer to {@link #completion}. */
  static String completionText(String body) {
    return JSON.readTree(body).at("/choices/0/text").asString();
  }

  /** Ids of a text's tokens. */
  int[] tokenize(String text) throws IOException, InterruptedException {
    String body = "{\"content\": %s}".formatted(JSON.writeValueAsString(text));
    HttpResponse<String> answer = post("/tokenize", body.getBytes(StandardCharsets.UTF_8));
    return JSON.treeToValue(JSON.readTree(answer.body()).get("tokens"), int[].class);
  }

  /** Whatever comes of a request with this body. */
  HttpResponse<String> post(String path, byte[] body) throws IOException, InterruptedException {
    return client.send(
        request(path, HttpRequest.BodyPublishers.ofByteArray(body)),
        HttpResponse.BodyHandlers.ofString());
  }

  /** The text of a good answer to {@link #chat}. */
  static String text(HttpResponse<String> answer) {
    if (answer.statusCode() != 200) {
      throw new AssertionError(answer.statusCode() + ": " + answer.body());
    }
    return JSON.readTree(answer.body()).at("/choices/0/message/content").asString();
  }

  /** A greedy streamed answer, which must end as it should. */
  public Answer answer(String prompt, int tokens) throws IOException, InterruptedException {
    return answer(prompt, tokens, pieces -> {});
  }

  /**
   * A greedy streamed answer, which must end as it should.
   *
   * @param progress called after each piece of text, with the number of pieces so far
   */
  Answer answer(String prompt, int tokens, IntConsumer progress)
      throws IOException, InterruptedException {
    return answer(streamed(tokens, "", user(prompt)), progress);
  }

  /**
   * One that takes its time: with all its tokens, whether the model would have ended before or not,
   * and without drafts, which would make short work of a text that repeats itself.
   */
  public Answer longAnswer(String prompt, int tokens, IntConsumer progress)
      throws IOException, InterruptedException {
    String fields = "\"ignore_eos\": true, \"slipstream\": {\"speculation\": \"off\"}, ";
    return answer(streamed(tokens, fields, user(prompt)), progress);
  }

  /** A greedy streamed answer in whose midst something happens, surely before its end. */
  Answer answerDuring(String prompt, int tokens, Callable<?> event) throws Exception {
    try (ExecutorService other = Executors.newSingleThreadExecutor()) {
      List<Future<?>> happened = new ArrayList<>();
      Answer answer =
          answer(
              prompt,
              tokens,
              pieces -> {
                if (pieces >= MIDST && happened.isEmpty()) {
                  happened.add(other.submit(event));
                }
              });
      assertThat(happened).singleElement().as("happened during the answer").matches(Future::isDone);
      happened.getFirst().get();
      return answer;
    }
  }

  /**
   * As {@link #answer}, to a conversation that begins with these words, and not with a template's.
   */
  Answer answerFrom(String beginning, int tokens) throws IOException, InterruptedException {
    String system =
        "{\"role\": \"system\", \"content\": %s}, ".formatted(JSON.writeValueAsString(beginning));
    return answer(streamed(tokens, "", system + user("Go on.")), pieces -> {});
  }

  private static String user(String prompt) {
    return "{\"role\": \"user\", \"content\": %s}".formatted(JSON.writeValueAsString(prompt));
  }

  private Answer answer(HttpRequest request, IntConsumer progress)
      throws IOException, InterruptedException {
    long start = System.nanoTime();
    HttpResponse<Stream<String>> response =
        client.send(request, HttpResponse.BodyHandlers.ofLines());
    List<String> data = new ArrayList<>();
    StringBuilder text = new StringBuilder();
    List<Double> millis = new ArrayList<>();
    try (Stream<String> lines = response.body()) {
      lines
          .filter(line -> !line.isEmpty() && !line.startsWith(":"))
          .map(line -> line.startsWith("data: ") ? line.substring("data: ".length()) : line)
          .forEach(
              event -> {
                data.add(event);
                String piece = piece(event);
                if (!piece.isEmpty()) {
                  millis.add((System.nanoTime() - start) / 1e6);
                  text.append(piece);
                  progress.accept(millis.size());
                }
              });
    }
    if (response.statusCode() != 200 || !data.getLast().equals("[DONE]")) {
      throw new AssertionError("status " + response.statusCode() + ", events: " + data);
    }
    JsonNode figures = JSON.readTree(data.get(data.size() - 2)).get("slipstream");
    return new Answer(
        text.toString(),
        millis.getFirst(),
        figures.get("prefix_hit_tokens").asInt(),
        figures.get("resumes").asInt());
  }

  private static String piece(String event) {
    if (event.equals("[DONE]")) {
      return "";
    }
    JsonNode json = JSON.readTree(event);
    if (json.has("error")) {
      throw new AssertionError("the stream ended with " + event);
    }
    return json.at("/choices/0/delta/content").asString("");
  }

  private HttpRequest streamed(int tokens, String fields, String messages) {
    return request("\"stream\": true, " + fields, tokens, messages);
  }

  /**
   * @param fields with a comma after each
   */
  private HttpRequest request(String fields, int tokens, String messages) {
    String body =
        """
        {%s"temperature": 0, "max_tokens": %d, "messages": [%s]}
        """
            .formatted(fields, tokens, messages);
    return request("/v1/chat/completions", HttpRequest.BodyPublishers.ofString(body));
  }

  private HttpRequest request(String path, HttpRequest.BodyPublisher body) {
    HttpRequest.Builder builder =
        HttpRequest.newBuilder(address.resolve(path))
            .header("Content-Type", "application/json")
            .POST(body);
    key.ifPresent(secret -> builder.header("Authorization", "Bearer " + secret));
    return builder.build();
  }

  /** The values of one of the gateway's own metrics, by the value of one of their labels. */
  Map<String, Double> metric(String name, String label) throws IOException, InterruptedException {
    String metrics =
        client
            .send(
                HttpRequest.newBuilder(address.resolve("/actuator/prometheus")).build(),
                HttpResponse.BodyHandlers.ofString())
            .body();
    return values(metrics, name, label);
  }

  /** Sums of a metric's values by one of its labels; all under "" if they lack it. */
  public static Map<String, Double> values(String metrics, String name, String label) {
    Map<String, Double> values = new TreeMap<>();
    metrics
        .lines()
        .map(SAMPLE::matcher)
        .filter(Matcher::matches)
        .filter(sample -> sample.group(1).equals(name))
        .forEach(
            sample -> {
              String labels = Optional.ofNullable(sample.group(2)).orElse("");
              String key =
                  LABEL
                      .matcher(labels)
                      .results()
                      .filter(each -> each.group(1).equals(label))
                      .map(each -> each.group(2))
                      .findFirst()
                      .orElse("");
              values.merge(key, Double.parseDouble(sample.group(3)), Double::sum);
            });
    return values;
  }
}
