package dev.slipstream.gateway.application;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.slipstream.gateway.spi.AnswerRequest;
import dev.slipstream.gateway.strategy.BestOf;
import dev.slipstream.gateway.strategy.PlainDecoding;
import java.util.List;
import org.junit.jupiter.api.Test;

/** A client that cannot have what it asks for is to know what it can have. */
class AnswerStrategiesTest {
  private static final AnswerRequest TWO = new AnswerRequest("", 2, 2, 0);

  @Test
  void theFirstThatSuitsIsTakenWhereNoneIsNamed() {
    var both = new AnswerStrategies(List.of(new PlainDecoding(), new BestOf()));
    assertThat(both.select(TWO).name()).isEqualTo("best-of");
    assertThat(both.select(new AnswerRequest("", 1, 1, 0)).name()).isEqualTo("plain");
    assertThat(both.select(new AnswerRequest("best-of", 1, 1, 0)).name()).isEqualTo("best-of");
  }

  @Test
  void whereNoneSuitsItIsSaidWhichThereAre() {
    var plain = new AnswerStrategies(List.of(new PlainDecoding()));
    assertThatThrownBy(() -> plain.select(TWO))
        .isInstanceOf(ApiException.class)
        .hasMessageStartingWith("No strategy of this gateway makes the best 2 of 2 answers")
        .hasMessageContaining("There are: plain.");
    assertThatThrownBy(() -> plain.select(new AnswerRequest("plain", 2, 3, 0)))
        .hasMessageStartingWith("The strategy 'plain' does not make the best 2 of 3 answers");
  }
}
