package dev.slipstream.system.cluster;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.IntConsumer;
import java.util.stream.Stream;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** A client of the gateway that keeps its connections, as clients do. */
final class Chats implements AutoCloseable {
  private static final JsonMapper JSON = new JsonMapper();
  private static final String DATA = "data: ";
  private static final String DONE = "[DONE]";

  private final HttpClient client =
      HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
  private final URI chats;

  /**
   * @param gateway its address
   */
  Chats(URI gateway) {
    this.chats = gateway.resolve("/v1/chat/completions");
  }

  /**
   * The text of a greedy streamed answer.
   *
   * @param progress called after each event with the number of events so far
   * @throws IOException if it does not end as it should
   */
  String answer(String prompt, int tokens, IntConsumer progress)
      throws IOException, InterruptedException {
    return answer(prompt, tokens, "", progress);
  }

  /**
   * One that takes its time: with all its tokens, whether the model would have ended before or not,
   * and without drafts, which would make short work of a text that repeats itself.
   */
  String longAnswer(String prompt, int tokens, IntConsumer progress)
      throws IOException, InterruptedException {
    return answer(
        prompt,
        tokens,
        "\"ignore_eos\": true, \"slipstream\": {\"speculation\": \"off\"},",
        progress);
  }

  private String answer(String prompt, int tokens, String fields, IntConsumer progress)
      throws IOException, InterruptedException {
    String body =
        """
        {"stream": true, "temperature": 0, "max_tokens": %d, %s
         "messages": [{"role": "user", "content": %s}]}
        """
            .formatted(tokens, fields, JSON.writeValueAsString(prompt));
    HttpRequest request =
        HttpRequest.newBuilder(chats)
            .header("Content-Type", "application/json")
            .POST(HttpRequest.BodyPublishers.ofString(body))
            .build();
    HttpResponse<Stream<String>> response =
        client.send(request, HttpResponse.BodyHandlers.ofLines());
    Reading reading = new Reading(progress);
    try (Stream<String> lines = response.body()) {
      lines.forEach(reading::line);
    }
    if (response.statusCode() != 200 || !reading.last.equals(DATA + DONE)) {
      throw new IOException("status " + response.statusCode() + ", at the end: " + reading.last);
    }
    return reading.text.toString();
  }

  /** What has come of an answer. */
  private static final class Reading {
    private final IntConsumer progress;
    private final AtomicInteger events = new AtomicInteger();
    private final StringBuilder text = new StringBuilder();
    private String last = "nothing";

    Reading(IntConsumer progress) {
      this.progress = progress;
    }

    void line(String line) {
      if (!line.isEmpty()) {
        last = line;
      }
      if (line.startsWith(DATA) && !line.endsWith(DONE)) {
        JsonNode event = JSON.readTree(line.substring(DATA.length()));
        text.append(event.at("/choices/0/delta/content").asString(""));
        progress.accept(events.incrementAndGet());
      }
    }
  }

  @Override
  public void close() {
    client.close();
  }
}
