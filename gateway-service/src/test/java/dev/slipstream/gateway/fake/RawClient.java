package dev.slipstream.gateway.fake;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.Socket;
import java.nio.charset.StandardCharsets;

/** A client that sends what no HTTP library would, byte for byte. */
public final class RawClient implements AutoCloseable {
  private static final int LIMIT_MILLIS = 30_000;

  private final Socket socket;

  private RawClient(Socket socket) {
    this.socket = socket;
  }

  public static RawClient connect(Gateway gateway) {
    try {
      Socket socket = new Socket("127.0.0.1", gateway.port());
      socket.setSoTimeout(LIMIT_MILLIS);
      socket.setTcpNoDelay(true);
      return new RawClient(socket);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Sends this and returns all that comes until the server closes the connection. */
  public static String exchange(Gateway gateway, String request) {
    try (RawClient client = connect(gateway)) {
      return client.send(request).rest();
    }
  }

  /** A POST of JSON, whose body may be shorter than it claims. */
  public static String post(String path, String headers, int length, String body) {
    return "POST %s HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: %d\r\n%s\r\n%s"
        .formatted(path, length, headers, body);
  }

  /** One byte for each character. */
  public RawClient send(String text) {
    try {
      socket.getOutputStream().write(text.getBytes(StandardCharsets.ISO_8859_1));
      return this;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** What comes up to and including this text. */
  public String until(String end) {
    StringBuilder text = new StringBuilder();
    while (text.indexOf(end) < 0) {
      int next = read();
      if (next < 0) {
        throw new AssertionError("the connection ended before '" + end + "': " + text);
      }
      text.append((char) next);
    }
    return text.toString();
  }

  /** A response with its length in the header. */
  public String response() {
    String head = until("\r\n\r\n");
    String length = head.replaceFirst("(?is).*content-length: *([0-9]+).*", "$1");
    try {
      byte[] body = socket.getInputStream().readNBytes(Integer.parseInt(length));
      return head + new String(body, StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** What comes until the server closes the connection, or breaks it off. */
  public String rest() {
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    for (int next = read(); next >= 0; next = read()) {
      all.write(next);
    }
    return all.toString(StandardCharsets.UTF_8);
  }

  private int read() {
    try {
      InputStream in = socket.getInputStream();
      return in.read();
    } catch (java.net.SocketTimeoutException e) {
      throw new AssertionError("waited in vain for the server", e);
    } catch (IOException e) {
      return -1;
    }
  }

  /** Breaks the connection off, so that the server reads an error and not its end. */
  public void reset() {
    try {
      socket.setSoLinger(true, 0);
      socket.close();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public void close() {
    try {
      socket.close();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
