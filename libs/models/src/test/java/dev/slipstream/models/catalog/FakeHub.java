package dev.slipstream.models.catalog;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/** The part of the Hub's HTTP API that matters here, with the misbehaviour a test asks for. */
final class FakeHub implements AutoCloseable {

  static final String COMMIT = "0123456789abcdef0123456789abcdef01234567";

  /** How the next requests for a file go, one each; afterwards they go well. */
  sealed interface Mishap {
    record Status(int code, String retryAfter) implements Mishap {}

    record CutAfter(int bytes) implements Mishap {}

    record WrongBytes() implements Mishap {}

    record IgnoreRange() implements Mishap {}

    record StallAfter(int bytes) implements Mishap {}
  }

  record Seen(String path, String range, String authorization) {}

  final Queue<Seen> seen = new ConcurrentLinkedQueue<>();
  final Queue<Mishap> mishaps = new ConcurrentLinkedQueue<>();
  private final Map<String, byte[]> files = new LinkedHashMap<>();
  private final Map<String, String> statedDigests = new LinkedHashMap<>();
  private final HttpServer server;
  private final ExecutorService executor = Executors.newCachedThreadPool();
  private final CountDownLatch closed = new CountDownLatch(1);
  private volatile URI storage;
  private volatile int listStatus = 200;

  FakeHub() throws IOException {
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.createContext("/", this::handle);
    server.setExecutor(executor);
    server.start();
  }

  URI uri() {
    return URI.create("http://127.0.0.1:" + server.getAddress().getPort());
  }

  FakeHub file(String name, byte[] content) {
    files.put(name, content);
    statedDigests.put(name, sha256(content));
    return this;
  }

  void stateDigest(String name, String digest) {
    statedDigests.put(name, digest);
  }

  /** Redirects downloads there, as the Hub does to its storage. */
  void redirectTo(FakeHub other) {
    storage = other.uri();
  }

  void answerListsWith(int status) {
    listStatus = status;
  }

  List<Seen> downloads() {
    return seen.stream().filter(s -> s.path().contains("/resolve/")).toList();
  }

  private void handle(HttpExchange exchange) throws IOException {
    String path = exchange.getRequestURI().getPath();
    var headers = exchange.getRequestHeaders();
    seen.add(new Seen(path, headers.getFirst("Range"), headers.getFirst("Authorization")));
    try (exchange) {
      if (path.startsWith("/api/models/")) {
        respond(exchange, listStatus, listing().getBytes(StandardCharsets.UTF_8));
      } else if (storage != null) {
        exchange.getResponseHeaders().set("Location", storage + path);
        exchange.sendResponseHeaders(302, -1);
      } else {
        download(exchange, path);
      }
    }
  }

  private void download(HttpExchange exchange, String path) throws IOException {
    byte[] whole = files.get(path.replaceFirst("^/[^/]+/[^/]+/resolve/[^/]+/", ""));
    if (whole == null) {
      respond(exchange, 404, new byte[0]);
      return;
    }
    String range = exchange.getRequestHeaders().getFirst("Range");
    int from = range == null ? 0 : Integer.parseInt(range.replaceAll("[^0-9]", ""));
    switch (mishaps.poll()) {
      case null -> send(exchange, whole, from, whole.length);
      case Mishap.Status(int code, String retryAfter) -> {
        exchange.getResponseHeaders().set("Retry-After", retryAfter);
        respond(exchange, code, new byte[0]);
      }
      case Mishap.CutAfter(int bytes) -> send(exchange, whole, from, from + bytes);
      case Mishap.IgnoreRange() -> send(exchange, whole, 0, whole.length);
      case Mishap.WrongBytes() -> {
        byte[] wrong = whole.clone();
        Arrays.fill(wrong, (byte) 'x');
        send(exchange, wrong, from, whole.length);
      }
      case Mishap.StallAfter(int bytes) -> {
        OutputStream out = start(exchange, whole, from);
        out.write(whole, from, bytes);
        out.flush();
        awaitClose();
      }
    }
  }

  private static void send(HttpExchange exchange, byte[] whole, int from, int to)
      throws IOException {
    // A body shorter than its Content-Length: the server closes the connection.
    start(exchange, whole, from).write(whole, from, to - from);
  }

  private static OutputStream start(HttpExchange exchange, byte[] whole, int from)
      throws IOException {
    if (from > 0) {
      String range = "bytes " + from + "-" + (whole.length - 1) + "/" + whole.length;
      exchange.getResponseHeaders().set("Content-Range", range);
    }
    exchange.sendResponseHeaders(from > 0 ? 206 : 200, whole.length - from);
    return exchange.getResponseBody();
  }

  private static void respond(HttpExchange exchange, int status, byte[] body) throws IOException {
    exchange.sendResponseHeaders(status, body.length == 0 ? -1 : body.length);
    exchange.getResponseBody().write(body);
  }

  private String listing() {
    Queue<String> siblings = new ArrayDeque<>();
    siblings.add("{\"rfilename\":\"README.md\",\"size\":10}");
    files.forEach(
        (name, content) ->
            siblings.add(
                """
                {"rfilename":"%s","size":%d,"lfs":{"sha256":"%s","size":%d}}"""
                    .formatted(name, content.length, statedDigests.get(name), content.length)));
    return """
        {"sha":"%s","cardData":{"license":"apache-2.0"},"siblings":[%s]}"""
        .formatted(COMMIT, String.join(",", siblings));
  }

  private void awaitClose() {
    try {
      closed.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  static String sha256(byte[] content) {
    try {
      return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(content));
    } catch (java.security.NoSuchAlgorithmException e) {
      throw new AssertionError(e);
    }
  }

  @Override
  public void close() {
    closed.countDown();
    server.stop(0);
    executor.shutdownNow();
  }
}
