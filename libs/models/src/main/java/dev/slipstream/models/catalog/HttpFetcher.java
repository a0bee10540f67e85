package dev.slipstream.models.catalog;

import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.Optional;

/**
 * HTTP GET with patience: attempts that bring nothing are repeated with growing waits, and a
 * download goes on where a cut connection left it.
 *
 * <p>Redirects are followed here and not by the client, so that the token goes to the hub alone and
 * never to the storage host that the hub redirects to.
 */
final class HttpFetcher implements AutoCloseable {

  private static final int MAX_REDIRECTS = 10;
  private static final Duration CONNECT_TIMEOUT = Duration.ofSeconds(20);
  private static final int MAX_DOCUMENT = 32 << 20;

  private final URI home;
  private final Optional<String> token;
  private final CatalogSettings.Retry retry;
  private final HttpClient client;

  /**
   * @param home the address that the token belongs to
   */
  HttpFetcher(URI home, Optional<String> token, CatalogSettings.Retry retry) {
    this.home = home;
    this.token = token;
    this.retry = retry;
    this.client =
        HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .followRedirects(HttpClient.Redirect.NEVER)
            .connectTimeout(CONNECT_TIMEOUT)
            .build();
  }

  /** An answer other than 200 and 206 that repeating will not change. */
  static final class StatusException extends IOException {
    private final int status;

    StatusException(int status, URI uri) {
      super(uri.getHost() + " answered " + status + " for " + uri.getPath());
      this.status = status;
    }

    int status() {
      return status;
    }
  }

  /** An answer that may be another one later. */
  private static final class BusyException extends IOException {
    private final Duration wait;

    BusyException(int status, URI uri, Duration wait) {
      super(uri.getHost() + " answered " + status + " for " + uri.getPath());
      this.wait = wait;
    }
  }

  /** A small document, whole. */
  byte[] document(URI uri, ProgressListener listener) throws IOException, InterruptedException {
    for (int failures = 1; ; failures++) {
      try (InputStream body = open(uri, 0).body();
          var watch = new StallWatch(body, retry.stall())) {
        byte[] bytes = body.readNBytes(MAX_DOCUMENT + 1);
        if (bytes.length > MAX_DOCUMENT) {
          throw new StatusException(413, uri);
        }
        return bytes;
      } catch (StatusException e) {
        throw e;
      } catch (IOException e) {
        pauseOrGiveUp(e, failures, listener);
      }
    }
  }

  /**
   * Appends to {@code part} what it lacks.
   *
   * @param size the whole file's size in bytes
   */
  void download(URI uri, Path part, String what, long size, ProgressListener listener)
      throws IOException, InterruptedException {
    int failures = 0;
    while (true) {
      long before = Files.exists(part) ? Files.size(part) : 0;
      if (before == size) {
        return;
      }
      if (before > size) {
        Files.delete(part);
        before = 0;
      }
      try {
        append(uri, part, before, what, size, listener);
        if (Files.size(part) >= size) {
          return;
        }
        throw new IOException("the connection ended early");
      } catch (StatusException e) {
        throw e;
      } catch (IOException e) {
        boolean progress = Files.exists(part) && Files.size(part) > before;
        failures = progress ? 1 : failures + 1;
        pauseOrGiveUp(e, failures, listener);
      }
    }
  }

  private void append(
      URI uri, Path part, long from, String what, long size, ProgressListener listener)
      throws IOException, InterruptedException {
    HttpResponse<InputStream> response = open(uri, from);
    // A server that knows no ranges answers 200 and starts over.
    long position = response.statusCode() == 206 ? from : 0;
    try (InputStream body = response.body();
        var watch = new StallWatch(body, retry.stall());
        FileChannel out =
            FileChannel.open(part, StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
      out.truncate(position).position(position);
      byte[] buffer = new byte[1 << 16];
      for (int n = body.read(buffer); n >= 0; n = body.read(buffer)) {
        position += n;
        if (position > size) {
          throw new Verification.WrongFileException("the file is longer than " + size + " bytes");
        }
        out.write(ByteBuffer.wrap(buffer, 0, n));
        watch.alive();
        listener.progress(what, position, size);
      }
    }
  }

  private HttpResponse<InputStream> open(URI uri, long from)
      throws IOException, InterruptedException {
    URI at = uri;
    for (int hop = 0; hop <= MAX_REDIRECTS; hop++) {
      HttpResponse<InputStream> response =
          client.send(request(at, from), HttpResponse.BodyHandlers.ofInputStream());
      int status = response.statusCode();
      if (status == 200 || (status == 206 && startsAt(response, from))) {
        return response;
      }
      response.body().close();
      Optional<String> location = response.headers().firstValue("location");
      if (status < 300 || status >= 400 || location.isEmpty()) {
        throw failure(response, at);
      }
      URI next = at.resolve(location.get());
      if (isHttps(at) && !isHttps(next)) {
        throw new IOException(at.getHost() + " redirects to an address without TLS");
      }
      at = next;
    }
    throw new IOException(uri.getHost() + " redirects in circles");
  }

  private HttpRequest request(URI uri, long from) {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(uri).header("User-Agent", "slipstream").timeout(retry.stall());
    if (from > 0) {
      request.header("Range", "bytes=" + from + "-");
    }
    if (token.isPresent() && sameOrigin(uri, home)) {
      request.header("Authorization", "Bearer " + token.get());
    }
    return request.build();
  }

  private static boolean startsAt(HttpResponse<?> response, long from) {
    return response
        .headers()
        .firstValue("content-range")
        .map(range -> range.startsWith("bytes " + from + "-"))
        .orElse(false);
  }

  private static IOException failure(HttpResponse<?> response, URI uri) {
    int status = response.statusCode();
    boolean busy = status == 429 || status == 408 || status == 206 || status >= 500;
    if (!busy) {
      return new StatusException(status, uri);
    }
    long seconds =
        response.headers().firstValue("retry-after").map(HttpFetcher::seconds).orElse(0L);
    return new BusyException(status, uri, Duration.ofSeconds(Math.min(seconds, 120)));
  }

  private static long seconds(String header) {
    return header.matches("[0-9]{1,6}") ? Long.parseLong(header) : 0;
  }

  private void pauseOrGiveUp(IOException e, int failures, ProgressListener listener)
      throws IOException, InterruptedException {
    if (failures >= retry.attempts() || e instanceof Verification.WrongFileException) {
      throw e;
    }
    Duration wait = retry.waitAfter(failures);
    if (e instanceof BusyException busy && busy.wait.compareTo(wait) > 0) {
      wait = busy.wait;
    }
    listener.note(reason(e) + "; trying again in " + Math.max(1, wait.toSeconds()) + " s");
    Thread.sleep(wait);
  }

  /** Some exceptions of the JDK's client have no message. */
  static String reason(IOException e) {
    return e.getMessage() == null ? e.getClass().getSimpleName() : e.getMessage();
  }

  private static boolean sameOrigin(URI a, URI b) {
    return a.getScheme().equals(b.getScheme())
        && a.getHost().equals(b.getHost())
        && a.getPort() == b.getPort();
  }

  private static boolean isHttps(URI uri) {
    return "https".equals(uri.getScheme());
  }

  @Override
  public void close() {
    client.shutdownNow();
    client.close();
  }
}
