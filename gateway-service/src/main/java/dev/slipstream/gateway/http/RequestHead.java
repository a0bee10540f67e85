package dev.slipstream.gateway.http;

import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpVersion;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** What RFC 9112 asks of a request's first line and of its host, which the codec lets pass. */
final class RequestHead {
  private static final Pattern ABSOLUTE =
      Pattern.compile("(?i)https?://(?<authority>[^/?#@]+)(?<rest>.*)");

  private RequestHead() {}

  /**
   * What to refuse it with; null if it is fine. A target with a host becomes one without, so that
   * there is one place only that names the host.
   */
  static HttpResponseStatus check(HttpRequest request) {
    if (request.protocolVersion().majorVersion() != 1) {
      return HttpResponseStatus.HTTP_VERSION_NOT_SUPPORTED;
    }
    List<String> hosts = request.headers().getAll(HttpHeaderNames.HOST);
    boolean needed = request.protocolVersion().compareTo(HttpVersion.HTTP_1_1) >= 0;
    if (hosts.size() > 1 || needed && hosts.isEmpty()) {
      return HttpResponseStatus.BAD_REQUEST;
    }
    String target = request.uri();
    if (target.startsWith("/") || target.equals("*")) {
      return null;
    }
    Matcher absolute = ABSOLUTE.matcher(target);
    if (!absolute.matches()) {
      return HttpResponseStatus.BAD_REQUEST;
    }
    String authority = absolute.group("authority");
    if (!hosts.isEmpty() && !hosts.getFirst().equalsIgnoreCase(authority)) {
      return HttpResponseStatus.BAD_REQUEST;
    }
    String rest = absolute.group("rest");
    request.headers().set(HttpHeaderNames.HOST, authority);
    request.setUri(rest.startsWith("/") ? rest : "/" + rest);
    return null;
  }
}
