package dev.slipstream.gateway.http;

import static org.assertj.core.api.Assertions.assertThat;

import dev.slipstream.gateway.fake.FakeTarget;
import dev.slipstream.gateway.fake.Gateway;
import io.grpc.Status;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A request that has waited so long that the stream is open already, and then fails. */
@Tag("suite")
@Timeout(60)
class LateFailureTest {

  /** Else the client sees a cut connection, and not why. */
  @Test
  void isSaidInTheStream() throws Exception {
    try (FakeTarget target = FakeTarget.start();
        Gateway gateway =
            Gateway.start(target.address(), "", "--slipstream.gateway.keep-alive=100ms")
                .awaitModels(1);
        HttpClient client = HttpClient.newHttpClient()) {
      HttpRequest request =
          HttpRequest.newBuilder(gateway.uri("/v1/completions"))
              .header("Content-Type", "application/json")
              .POST(
                  HttpRequest.BodyPublishers.ofString(
                      "{\"model\": \"test-model\", \"prompt\": \"hi\", \"stream\": true}"))
              .build();
      var response = client.send(request, HttpResponse.BodyHandlers.ofInputStream());
      try (var lines =
          new BufferedReader(new InputStreamReader(response.body(), StandardCharsets.UTF_8))) {
        assertThat(lines.readLine()).startsWith(":");
        target.next().fail(Status.INTERNAL.withDescription("out of luck"));

        List<String> rest = lines.lines().filter(line -> line.startsWith("data: ")).toList();
        assertThat(rest).hasSize(1);
        var error = gateway.json(rest.getFirst().substring("data: ".length())).get("error");
        assertThat(error.get("message").stringValue()).contains("out of luck");
      }
    }
  }
}
