package dev.slipstream.gateway.application;

import dev.slipstream.gateway.spi.AnswerRequest;
import dev.slipstream.gateway.spi.AnswerStrategy;
import java.util.List;
import java.util.stream.Collectors;

/** The strategies of this gateway, in the order in which they are asked. */
record AnswerStrategies(List<AnswerStrategy> all) {
  private static final String PARAM = "slipstream.strategy";

  AnswerStrategies {
    all = List.copyOf(all);
  }

  /**
   * The one of this name, or all if it is empty.
   *
   * @throws ApiException if there is none
   */
  List<AnswerStrategy> named(String name) {
    List<AnswerStrategy> named =
        name.isEmpty() ? all : all.stream().filter(known -> known.name().equals(name)).toList();
    if (named.isEmpty()) {
      throw ApiException.invalid(
          PARAM,
          "There is no strategy '%s'. There are: %s.".formatted(ErrorText.shortened(name), names()),
          "invalid_value");
    }
    return named;
  }

  /**
   * The one that the request names, or else the first that makes such answers.
   *
   * @throws ApiException if there is none
   */
  AnswerStrategy select(AnswerRequest request) {
    return named(request.strategy()).stream()
        .filter(strategy -> strategy.suits(request))
        .findFirst()
        .orElseThrow(
            () ->
                ApiException.invalid(
                    PARAM,
                    "%s the best %d of %d answers to a prompt. There are: %s."
                        .formatted(
                            request.strategy().isEmpty()
                                ? "No strategy of this gateway makes"
                                : "The strategy '%s' does not make".formatted(request.strategy()),
                            request.n(),
                            request.bestOf(),
                            names()),
                    "unsupported_value"));
  }

  private String names() {
    return all.stream().map(AnswerStrategy::name).collect(Collectors.joining(", "));
  }
}
