package dev.slipstream.gateway;

import dev.slipstream.gateway.spi.AnswerStrategy;
import dev.slipstream.gateway.strategy.BestOf;
import dev.slipstream.gateway.strategy.PlainDecoding;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.annotation.Order;

/**
 * The strategies that every gateway has. Those of techniques have wiring of their own; without an
 * order they come after these, so that only requests that name them get them.
 */
@Configuration(proxyBeanMethods = false)
class StrategyWiring {
  @Bean
  @Order(1)
  AnswerStrategy plainDecoding() {
    return new PlainDecoding();
  }

  @Bean
  @Order(2)
  AnswerStrategy bestOf() {
    return new BestOf();
  }
}
