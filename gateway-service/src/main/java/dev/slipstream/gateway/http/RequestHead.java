package dev.slipstream.gateway.http;

import io.netty.handler.codec.DecoderResult;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http.TooLongHttpHeaderException;
import io.netty.handler.codec.http.TooLongHttpLineException;
import java.net.URI;
import java.net.URISyntaxException;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.springframework.http.HttpStatus;

/** What RFC 9112 asks of a request's first line and of its host, and the codec lets pass. */
final class RequestHead {
  private static final Pattern ABSOLUTE =
      Pattern.compile("(?i)https?://(?<authority>[^/?#@]+)(?<rest>.*)");

  private RequestHead() {}

  /** Why the codec could not read a part of a request. */
  static HttpErrors.Failure of(DecoderResult unreadable) {
    return HttpErrors.bare(
        switch (unreadable.cause()) {
          case TooLongHttpLineException e -> HttpStatus.URI_TOO_LONG;
          case TooLongHttpHeaderException e -> HttpStatus.REQUEST_HEADER_FIELDS_TOO_LARGE;
          default -> HttpStatus.BAD_REQUEST;
        });
  }

  /**
   * What is wrong with it, if anything. A target with a host becomes one without, so that there is
   * one place only that names the host.
   */
  static Optional<HttpErrors.Failure> check(HttpRequest request) {
    if (request.protocolVersion().majorVersion() != 1) {
      return Optional.of(HttpErrors.bare(HttpStatus.HTTP_VERSION_NOT_SUPPORTED));
    }
    List<String> hosts = request.headers().getAll(HttpHeaderNames.HOST);
    boolean needed = request.protocolVersion().compareTo(HttpVersion.HTTP_1_1) >= 0;
    if (hosts.size() > 1 || needed && hosts.isEmpty()) {
      return malformed("There must be exactly one Host header.");
    }
    Matcher absolute = ABSOLUTE.matcher(request.uri());
    if (absolute.matches()) {
      String authority = absolute.group("authority");
      if (!hosts.isEmpty() && !hosts.getFirst().equalsIgnoreCase(authority)) {
        return malformed("The request line and the Host header name different hosts.");
      }
      String rest = absolute.group("rest");
      request.headers().set(HttpHeaderNames.HOST, authority);
      request.setUri(rest.startsWith("/") ? rest : "/" + rest);
    }
    return checkTarget(request.uri());
  }

  private static Optional<HttpErrors.Failure> checkTarget(String target) {
    if (target.equals("*")) {
      return Optional.empty();
    }
    if (!target.startsWith("/")) {
      return malformed("The request's target must be a path or an http URL.");
    }
    try {
      new URI("http://localhost" + target);
      return Optional.empty();
    } catch (URISyntaxException e) {
      return malformed("The request's path or query is no part of a URL: " + e.getReason() + ".");
    }
  }

  private static Optional<HttpErrors.Failure> malformed(String message) {
    return Optional.of(HttpErrors.malformed(message));
  }
}
