package dev.slipstream.standalone.bench;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executors;
import java.util.function.Function;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** An OpenAI-compatible server that answers as it is told. */
final class FakeServer implements AutoCloseable {
  private static final JsonMapper JSON = JsonMapper.builder().build();

  /** The whole stream of an answer of three events with five tokens. */
  static final String ANSWER =
      """
      data: {"choices":[{"delta":{"role":"assistant","content":""}}]}

      data: {"choices":[{"delta":{"content":"a"}}]}

      data: {"choices":[{"delta":{"content":"bcd"}}]}

      data: {"choices":[{"delta":{"content":"e"},"finish_reason":"stop"}],"slipstream":{"drafted":6,"accepted":2,"rounds":2}}

      data: {"choices":[],"usage":{"prompt_tokens":7,"completion_tokens":5}}

      data: [DONE]

      """;

  final List<JsonNode> requests = new CopyOnWriteArrayList<>();
  private final HttpServer server;

  /**
   * @param answers the stream for a request, or null to refuse it
   */
  FakeServer(Function<JsonNode, String> answers) throws IOException {
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.setExecutor(Executors.newVirtualThreadPerTaskExecutor());
    server.createContext("/v1/models", e -> send(e, 200, "{\"data\":[{\"id\":\"m\"}]}"));
    server.createContext(
        "/v1/chat/completions",
        exchange -> {
          JsonNode request = JSON.readTree(exchange.getRequestBody().readAllBytes());
          requests.add(request);
          String answer = answers.apply(request);
          send(exchange, answer == null ? 429 : 200, answer == null ? "too busy" : answer);
        });
    server.start();
  }

  URI address() {
    return URI.create("http://127.0.0.1:" + server.getAddress().getPort());
  }

  private static void send(HttpExchange exchange, int status, String body) throws IOException {
    byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
    exchange.sendResponseHeaders(status, bytes.length);
    exchange.getResponseBody().write(bytes);
    exchange.close();
  }

  @Override
  public void close() {
    server.stop(0);
  }
}
