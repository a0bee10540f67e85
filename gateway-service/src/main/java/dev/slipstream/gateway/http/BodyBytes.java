package dev.slipstream.gateway.http;

import dev.slipstream.gateway.access.ByteBudget;
import dev.slipstream.gateway.access.Owner;
import org.springframework.core.annotation.Order;
import org.springframework.stereotype.Component;
import org.springframework.web.server.ServerWebExchange;
import org.springframework.web.server.WebFilter;
import org.springframework.web.server.WebFilterChain;
import reactor.core.publisher.Mono;

/** Has what a request holds counted until it is answered. Comes after the check of keys. */
@Component
@Order(AccessFilter.ORDER + 2)
class BodyBytes implements WebFilter {
  private static final String BYTES = BodyBytes.class.getName() + ".bytes";

  private final ByteBudget budget;

  BodyBytes(ByteBudget budget) {
    this.budget = budget;
  }

  static ByteBudget.Reservation of(ServerWebExchange exchange) {
    return exchange.getRequiredAttribute(BYTES);
  }

  @Override
  public Mono<Void> filter(ServerWebExchange exchange, WebFilterChain chain) {
    Owner owner = AccessFilter.owner(exchange);
    return Mono.using(
        () -> budget.open(owner),
        bytes -> {
          exchange.getAttributes().put(BYTES, bytes);
          return chain.filter(exchange);
        },
        ByteBudget.Reservation::close);
  }
}
