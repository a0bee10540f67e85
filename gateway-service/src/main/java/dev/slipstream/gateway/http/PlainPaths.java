package dev.slipstream.gateway.http;

import java.util.regex.Pattern;
import org.springframework.core.annotation.Order;
import org.springframework.http.HttpStatus;
import org.springframework.http.server.PathContainer;
import org.springframework.stereotype.Component;
import org.springframework.web.server.ResponseStatusException;
import org.springframework.web.server.ServerWebExchange;
import org.springframework.web.server.WebFilter;
import org.springframework.web.server.WebFilterChain;
import reactor.core.publisher.Mono;

/**
 * Every path that there is consists of letters, digits and a few signs, but for the names of
 * models. Others are unknown here and now: what is behind this filter decodes, cleans and splits
 * them in ways of its own, not all of which end well.
 */
@Component
@Order(AccessFilter.ORDER + 1)
class PlainPaths implements WebFilter {
  private static final String MODELS = "/v1/models/";
  private static final Pattern PLAIN = Pattern.compile("[A-Za-z0-9._-]+");

  @Override
  public Mono<Void> filter(ServerWebExchange exchange, WebFilterChain chain) {
    PathContainer path = exchange.getRequest().getPath().pathWithinApplication();
    boolean plain =
        path.value().startsWith(MODELS)
            || path.elements().stream()
                .filter(PathContainer.PathSegment.class::isInstance)
                .allMatch(segment -> PLAIN.matcher(segment.value()).matches());
    return plain
        ? chain.filter(exchange)
        : Mono.error(new ResponseStatusException(HttpStatus.NOT_FOUND));
  }
}
