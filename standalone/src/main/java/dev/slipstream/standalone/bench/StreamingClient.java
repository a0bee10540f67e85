package dev.slipstream.standalone.bench;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Asks an OpenAI-compatible server for streamed chat answers and takes the times. */
final class StreamingClient implements AutoCloseable {
  private static final JsonMapper JSON = JsonMapper.builder().build();
  private static final String DATA = "data:";
  private static final Duration LIMIT = Duration.ofMinutes(10);

  private final HttpClient http =
      HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
  private final URI base;
  private final Optional<String> key;
  private final String model;

  /**
   * @param base address without {@code /v1}
   * @param key for the server, if it asks for one
   * @throws IOException if the server does not answer or offers no model
   */
  StreamingClient(URI base, Optional<String> key) throws IOException, InterruptedException {
    // The zone of an address is escaped in what users write (RFC 6874), but not for Java.
    this.base = URI.create(base.toString().replaceFirst("%25(?=[^/]*])", "%"));
    this.key = key;
    HttpRequest request = request("/v1/models").build();
    try {
      HttpResponse<String> models = http.send(request, HttpResponse.BodyHandlers.ofString());
      this.model = JSON.readTree(models.body()).path("data").path(0).path("id").asString("");
    } catch (IOException | JacksonException e) {
      throw new IOException("There is no OpenAI-compatible server at " + base + ".", e);
    }
    if (model.isEmpty()) {
      throw new IOException("The server at " + base + " offers no model.");
    }
  }

  private HttpRequest.Builder request(String path) {
    HttpRequest.Builder request = HttpRequest.newBuilder(base.resolve(path)).timeout(LIMIT);
    key.ifPresent(secret -> request.header("Authorization", "Bearer " + secret));
    return request;
  }

  String model() {
    return model;
  }

  /**
   * One request, from sending it to the end of its stream.
   *
   * @param system instructions ahead of the question
   */
  RequestOutcome ask(String system, String question, ServeSettings settings, boolean speculate)
      throws InterruptedException {
    Map<String, Object> body = new TreeMap<>();
    body.put("model", model);
    body.put(
        "messages",
        List.of(
            Map.of("role", "system", "content", system),
            Map.of("role", "user", "content", question)));
    body.put("max_tokens", settings.maxTokens());
    body.put("temperature", settings.temperature());
    body.put("stream", true);
    body.put("stream_options", Map.of("include_usage", true));
    if (!speculate) {
      body.put("slipstream", Map.of("speculation", "off"));
    }
    HttpRequest request =
        request("/v1/chat/completions")
            .header("Content-Type", "application/json")
            .POST(HttpRequest.BodyPublishers.ofByteArray(JSON.writeValueAsBytes(body)))
            .build();
    Recording recording = new Recording();
    try {
      HttpResponse<Stream<String>> response =
          http.send(request, HttpResponse.BodyHandlers.ofLines());
      try (Stream<String> lines = response.body()) {
        if (response.statusCode() != 200) {
          return new RequestOutcome.Failed(
              response.statusCode() + " " + String.join(" ", lines.toList()));
        }
        return recording.read(lines.iterator());
      }
    } catch (IOException | java.io.UncheckedIOException | JacksonException e) {
      return new RequestOutcome.Failed(e.toString());
    }
  }

  @Override
  public void close() {
    http.close();
  }

  /** The events of one stream. */
  private static final class Recording {
    private final long start = System.nanoTime();
    private double[] times = new double[256];
    private int count;
    private @Nullable JsonNode usage;
    private JsonNode figures = JSON.createObjectNode();

    RequestOutcome read(Iterator<String> lines) {
      boolean done = false;
      while (lines.hasNext()) {
        String line = lines.next();
        if (!line.startsWith(DATA)) {
          continue;
        }
        String data = line.substring(DATA.length()).strip();
        if (data.equals("[DONE]")) {
          done = true;
          continue;
        }
        JsonNode event = JSON.readTree(data);
        if (event.has("error")) {
          return new RequestOutcome.Failed(event.path("error").path("message").asString(data));
        }
        take(event);
      }
      if (!done || usage == null || count == 0) {
        return new RequestOutcome.Failed("the stream ended early, or without text or usage");
      }
      return served(usage);
    }

    private void take(JsonNode event) {
      if (!event.path("choices").path(0).path("delta").path("content").asString("").isEmpty()) {
        if (count == times.length) {
          times = Arrays.copyOf(times, 2 * count);
        }
        times[count++] = (System.nanoTime() - start) / 1e9;
      }
      if (event.path("usage").isObject()) {
        usage = event.path("usage");
      }
      if (event.path("slipstream").isObject()) {
        figures = event.path("slipstream");
      }
    }

    private RequestOutcome served(JsonNode usage) {
      double[] gaps = new double[count - 1];
      Arrays.setAll(gaps, i -> times[i + 1] - times[i]);
      return new RequestOutcome.Served(
          times[0],
          times[count - 1],
          gaps,
          usage.path("prompt_tokens").asLong(0),
          usage.path("completion_tokens").asLong(0),
          figures.path("drafted").asLong(0),
          figures.path("accepted").asLong(0),
          figures.path("rounds").asLong(0));
    }
  }
}
