package dev.slipstream.gateway.http;

import dev.slipstream.gateway.access.ApiKeys;
import dev.slipstream.gateway.access.KeyUse;
import dev.slipstream.gateway.access.Owner;
import dev.slipstream.gateway.application.ApiException;
import dev.slipstream.gateway.application.Caller;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;
import org.springframework.core.annotation.Order;
import org.springframework.http.HttpHeaders;
import org.springframework.http.HttpMethod;
import org.springframework.http.server.reactive.ServerHttpRequest;
import org.springframework.stereotype.Component;
import org.springframework.web.server.ServerWebExchange;
import org.springframework.web.server.WebFilter;
import org.springframework.web.server.WebFilterChain;
import reactor.core.publisher.Mono;

/**
 * Asks for an API key, if keys are configured, on every path but those that probes and scrapers
 * use; and counts what is not only a look at the models. Comes after the CORS filter, so that pages
 * can read what it says.
 */
@Component
@Order(AccessFilter.ORDER)
class AccessFilter implements WebFilter {
  static final int ORDER = 0;

  private static final String CALLER = AccessFilter.class.getName() + ".caller";
  private static final String OWNER = AccessFilter.class.getName() + ".owner";
  private static final List<Predicate<String>> OPEN =
      List.of(
          "/health"::equals,
          "/metrics"::equals,
          "/actuator/prometheus"::equals,
          "/actuator/health"::equals,
          path -> path.startsWith("/actuator/health/"));

  private final ApiKeys keys;

  AccessFilter(ApiKeys keys) {
    this.keys = keys;
  }

  /** On whose behalf this request is made. */
  static Caller caller(ServerWebExchange exchange) {
    return exchange.getAttributeOrDefault(CALLER, Caller.ANYBODY);
  }

  /** On whose account it is counted. */
  static Owner owner(ServerWebExchange exchange) {
    return exchange.getAttributeOrDefault(
        OWNER, Owner.of(exchange.getRequest().getRemoteAddress()));
  }

  @Override
  public Mono<Void> filter(ServerWebExchange exchange, WebFilterChain chain) {
    ServerHttpRequest request = exchange.getRequest();
    String path = request.getPath().pathWithinApplication().value();
    if (OPEN.stream().anyMatch(open -> open.test(path))) {
      return chain.filter(exchange);
    }
    return Mono.defer(() -> admit(exchange, chain));
  }

  private Mono<Void> admit(ServerWebExchange exchange, WebFilterChain chain) {
    ServerHttpRequest request = exchange.getRequest();
    Optional<KeyUse> use;
    try {
      use = keys.authenticate(request.getHeaders().getFirst(HttpHeaders.AUTHORIZATION));
    } catch (ApiException e) {
      exchange.getResponse().getHeaders().set(HttpHeaders.WWW_AUTHENTICATE, "Bearer");
      throw e;
    }
    use.ifPresent(key -> exchange.getAttributes().put(OWNER, Owner.of(key)));
    if (use.isEmpty() || !HttpMethod.POST.equals(request.getMethod())) {
      return chain.filter(exchange);
    }
    RateLimitHeaders.show(exchange.getResponse(), use.get());
    return Mono.using(
        use.get()::enter,
        admission -> {
          exchange.getAttributes().put(CALLER, admission);
          return chain.filter(exchange);
        },
        KeyUse.Admission::close);
  }
}
