package dev.slipstream.system;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.IntConsumer;
import java.util.stream.Stream;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * The stack of docker-compose.yml under a project name and on ports of its own, with the model that
 * {@code slipstream.model} names in its volume.
 */
final class Stack implements AutoCloseable {
  private static final JsonMapper JSON = new JsonMapper();

  private final Docker docker =
      new Docker(
          Map.of(
              "COMPOSE_PROJECT_NAME", "slipstream-test-" + ProcessHandle.current().pid(),
              "SLIPSTREAM_PORT", "0",
              "SLIPSTREAM_GRPC_PORT", "0",
              "SLIPSTREAM_OFFLINE", "true",
              "SLIPSTREAM_TARGET_THREADS", "1"));
  private final Path file =
      Path.of(System.getProperty("slipstream.repository"), "docker-compose.yml");
  private final HttpClient client =
      HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
  private URI gateway;

  private Stack() {}

  /** Starts it and waits until all of it is ready. */
  static Stack up() throws IOException, InterruptedException {
    Stack stack = new Stack();
    try {
      stack.fillVolume(Path.of(System.getProperty("slipstream.model")));
      stack.compose("up", "--wait", "--detach");
      String address = stack.compose("port", "gateway", "8080");
      stack.gateway = URI.create("http://" + address);
      return stack;
    } catch (IOException | RuntimeException e) {
      stack.close();
      throw e;
    }
  }

  /** As the service that fetches models would leave it. */
  private void fillVolume(Path model) throws IOException, InterruptedException {
    Path home = model.getParent().getParent().getParent();
    docker.send(
        home,
        home.relativize(model).toString(),
        command("run", "--rm", "-T", "--entrypoint", "tar", "models", "-C", "/models", "-x"));
  }

  private List<String> command(String... arguments) {
    List<String> command = new ArrayList<>(List.of("compose", "--file", file.toString()));
    command.addAll(List.of(arguments));
    return command;
  }

  String compose(String... arguments) throws IOException, InterruptedException {
    return docker.run(command(arguments));
  }

  Docker docker() {
    return docker;
  }

  /** Ids of a service's containers, stopped ones too. */
  List<String> containers(String service) throws IOException, InterruptedException {
    return compose("ps", "--all", "--quiet", service).lines().toList();
  }

  /** Starts what was stopped and waits until all is ready. */
  void restore() throws IOException, InterruptedException {
    compose("up", "--wait", "--detach", "--no-recreate");
  }

  /** A gauge or counter of a target's container, summed over its labels. */
  double metric(String container, String name) throws IOException, InterruptedException {
    String script =
        "exec 3<>/dev/tcp/127.0.0.1/8082; printf 'GET /actuator/prometheus HTTP/1.0\\r\\n\\r\\n'"
            + " >&3; cat <&3";
    return docker
        .run("exec", container, "bash", "-c", script)
        .lines()
        .filter(line -> line.startsWith(name + "{") || line.startsWith(name + " "))
        .mapToDouble(line -> Double.parseDouble(line.substring(line.lastIndexOf(' ') + 1)))
        .sum();
  }

  /**
   * The text of a greedy streamed answer, which must end as it should.
   *
   * @param progress called after each piece of text, with the number of pieces so far
   */
  String answer(String prompt, int tokens, IntConsumer progress)
      throws IOException, InterruptedException {
    String body =
        """
        {"stream": true, "temperature": 0, "max_tokens": %d,
         "messages": [{"role": "user", "content": %s}]}
        """
            .formatted(tokens, JSON.writeValueAsString(prompt));
    HttpRequest request =
        HttpRequest.newBuilder(gateway.resolve("/v1/chat/completions"))
            .header("Content-Type", "application/json")
            .POST(HttpRequest.BodyPublishers.ofString(body))
            .build();
    HttpResponse<Stream<String>> response =
        client.send(request, HttpResponse.BodyHandlers.ofLines());
    List<String> data = new ArrayList<>();
    StringBuilder text = new StringBuilder();
    try (Stream<String> lines = response.body()) {
      lines
          .filter(line -> line.startsWith("data: "))
          .map(line -> line.substring("data: ".length()))
          .forEach(
              event -> {
                data.add(event);
                String piece = piece(event);
                if (!piece.isEmpty()) {
                  text.append(piece);
                  progress.accept(data.size());
                }
              });
    }
    if (response.statusCode() != 200 || !data.getLast().equals("[DONE]")) {
      throw new AssertionError("status " + response.statusCode() + ", last event: " + data);
    }
    return text.toString();
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

  @Override
  public void close() throws IOException, InterruptedException {
    client.close();
    compose("down", "--volumes", "--timeout", "40");
  }
}
