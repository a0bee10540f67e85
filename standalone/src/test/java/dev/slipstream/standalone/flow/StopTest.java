package dev.slipstream.standalone.flow;

import static org.assertj.core.api.Assertions.assertThat;

import dev.slipstream.standalone.suite.ProcessSuite;
import dev.slipstream.standalone.suite.Service;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Whoever breaks this leaves clients with half an answer that looks like a whole one. */
@Tag("suite")
class StopTest {
  private static final String REQUEST =
      """
      {"prompt": "Once upon a time", "stream": true, "ignore_eos": true, "max_tokens": 2000,
       "temperature": 0}
      """;

  @TempDir private Path home;

  @Test
  void anAnswerThatIsTooLongForAStopEndsWithAnErrorEvent() throws Exception {
    var impatient = Map.of(Service.TARGET, Map.of("slipstream.target.drain-limit", "0s"));
    try (ProcessSuite suite = ProcessSuite.start(Flow.settings(home, impatient), message -> {});
        HttpClient client = HttpClient.newHttpClient()) {
      Flow.connect(suite.grpcAddress().orElseThrow()).shutdownNow();
      AtomicReference<Thread> stopping = new AtomicReference<>();

      var request =
          HttpRequest.newBuilder(suite.httpAddress().orElseThrow().resolve("/v1/completions"))
              .header("Content-Type", "application/json")
              .POST(HttpRequest.BodyPublishers.ofString(REQUEST))
              .build();
      List<String> events =
          client
              .send(request, HttpResponse.BodyHandlers.ofLines())
              .body()
              .filter(line -> line.startsWith("data: "))
              .peek(
                  line -> {
                    if (stopping.get() == null) {
                      stopping.set(Thread.ofPlatform().start(suite::close));
                    }
                  })
              .toList();
      stopping.get().join();

      assertThat(events).hasSizeGreaterThan(1).hasSizeLessThan(2000);
      assertThat(events.getFirst()).contains("\"text\"").doesNotContain("\"error\"");
      assertThat(events.getLast()).startsWith("data: {\"error\":").contains("shutting down");
      assertThat(events).doesNotContain("data: [DONE]");
    }
  }
}
