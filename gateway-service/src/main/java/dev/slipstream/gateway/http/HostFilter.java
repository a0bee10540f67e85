package dev.slipstream.gateway.http;

import dev.slipstream.gateway.access.HostRule;
import org.springframework.beans.factory.annotation.Qualifier;
import org.springframework.core.annotation.Order;
import org.springframework.http.HttpHeaders;
import org.springframework.http.HttpStatusCode;
import org.springframework.stereotype.Component;
import org.springframework.web.server.ResponseStatusException;
import org.springframework.web.server.ServerWebExchange;
import org.springframework.web.server.WebFilter;
import org.springframework.web.server.WebFilterChain;
import reactor.core.publisher.Mono;

/**
 * Answers only those who know the gateway by a name of its own. Comes before the CORS filter, so
 * that no page reads even the refusal.
 */
@Component
@Order(HostFilter.ORDER)
class HostFilter implements WebFilter {
  static final int ORDER = -2;

  private static final HttpStatusCode MISDIRECTED = HttpStatusCode.valueOf(421);

  private final HostRule hosts;

  HostFilter(@Qualifier("httpHosts") HostRule hosts) {
    this.hosts = hosts;
  }

  /** Only HTTP/1.0 may come without a host, and no browser speaks that. */
  @Override
  public Mono<Void> filter(ServerWebExchange exchange, WebFilterChain chain) {
    String host = exchange.getRequest().getHeaders().getFirst(HttpHeaders.HOST);
    return host == null || hosts.allows(host)
        ? chain.filter(exchange)
        : Mono.error(new ResponseStatusException(MISDIRECTED, hosts.refusal(host)));
  }
}
