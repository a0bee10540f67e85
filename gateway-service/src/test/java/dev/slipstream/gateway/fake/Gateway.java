package dev.slipstream.gateway.fake;

import dev.slipstream.gateway.GatewayApplication;
import dev.slipstream.gateway.upstream.Targets;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.awaitility.Awaitility;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.context.ConfigurableApplicationContext;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** The whole gateway on free ports, and a client. */
public final class Gateway implements AutoCloseable {
  private final ConfigurableApplicationContext context;
  private final HttpClient client =
      HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
  private final JsonMapper mapper = new JsonMapper();

  /**
   * @param body as text
   */
  public record Answer(int status, HttpResponse<byte[]> response, String body, JsonNode json) {}

  private Gateway(List<Class<?>> wiring, String[] arguments) {
    context =
        new SpringApplicationBuilder(GatewayApplication.class)
            .sources(wiring.toArray(Class<?>[]::new))
            .run(arguments);
  }

  /**
   * @param arguments further properties, as {@code --name=value}
   */
  public static Gateway start(String targets, String drafts, String... arguments) {
    return start(List.of(), targets, drafts, arguments);
  }

  /**
   * @param wiring of techniques that a gateway does not have by itself
   */
  public static Gateway start(
      List<Class<?>> wiring, String targets, String drafts, String... arguments) {
    List<String> all =
        new ArrayList<>(
            List.of(
                "--server.port=0",
                "--spring.grpc.server.port=0",
                "--spring.main.banner-mode=off",
                "--slipstream.gateway.targets=" + targets,
                "--slipstream.gateway.drafts=" + drafts));
    all.addAll(List.of(arguments));
    return new Gateway(wiring, all.toArray(String[]::new));
  }

  /** Waits until this many models are there. */
  public Gateway awaitModels(int count) {
    Targets targets = context.getBean(Targets.class);
    Awaitility.await().until(() -> targets.models().size() == count);
    return this;
  }

  public ConfigurableApplicationContext context() {
    return context;
  }

  public int port() {
    return context.getEnvironment().getRequiredProperty("local.server.port", Integer.class);
  }

  public int grpcPort() {
    return context.getEnvironment().getRequiredProperty("local.grpc.server.port", Integer.class);
  }

  public URI uri(String path) {
    return URI.create("http://localhost:" + port() + path);
  }

  public Answer get(String path) {
    return send(HttpRequest.newBuilder(uri(path)).GET().build());
  }

  public Answer post(String path, String json) {
    return post(path, json.getBytes(StandardCharsets.UTF_8), "application/json");
  }

  public Answer post(String path, byte[] body, String contentType) {
    return send(
        HttpRequest.newBuilder(uri(path))
            .header("Content-Type", contentType)
            .POST(HttpRequest.BodyPublishers.ofByteArray(body))
            .build());
  }

  public Answer send(HttpRequest request) {
    try {
      HttpResponse<byte[]> response = client.send(request, HttpResponse.BodyHandlers.ofByteArray());
      String body = new String(response.body(), StandardCharsets.UTF_8);
      boolean json =
          response
              .headers()
              .firstValue("Content-Type")
              .filter(type -> type.startsWith("application/json"))
              .isPresent();
      return new Answer(response.statusCode(), response, body, json ? mapper.readTree(body) : null);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  /** The data of all events of a stream, checked to be framed as such. */
  public List<String> events(String path, String json) {
    return events(post(path, json).body());
  }

  public static List<String> events(String body) {
    List<String> events = new ArrayList<>();
    for (String event : body.split("\n\n")) {
      if (event.startsWith("data: ")) {
        events.add(event.substring("data: ".length()));
      } else if (!event.startsWith(":")) {
        throw new AssertionError("not an event: " + event);
      }
    }
    return events;
  }

  public JsonNode json(String text) {
    return mapper.readTree(text);
  }

  @Override
  public void close() {
    client.close();
    context.close();
  }
}
