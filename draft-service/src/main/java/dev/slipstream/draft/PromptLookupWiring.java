package dev.slipstream.draft;

import dev.slipstream.drafting.Drafter;
import dev.slipstream.drafting.promptlookup.PromptLookupConfig;
import dev.slipstream.drafting.promptlookup.PromptLookupDrafter;
import jakarta.validation.constraints.NotNull;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.annotation.Order;
import org.springframework.validation.annotation.Validated;

/** All that this service knows of prompt lookup: it is the first of its drafters. */
@Configuration(proxyBeanMethods = false)
class PromptLookupWiring {
  /**
   * @param promptLookup settings of the {@code prompt-lookup} drafter
   */
  @Validated
  @ConfigurationProperties("slipstream.draft")
  record Properties(@NotNull @DefaultValue PromptLookupConfig promptLookup) {}

  @Bean
  @Order(1)
  Drafter promptLookup(Properties properties) {
    return new PromptLookupDrafter(properties.promptLookup());
  }
}
