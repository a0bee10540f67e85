package dev.slipstream.engine.sampling;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class TokenHistoryTest {

  @Test
  void growsAndIsCutBackToWhatItWas() {
    TokenHistory history = new TokenHistory(new int[] {4, 5}, 1);
    IntStream.range(0, 100).forEach(history::append);
    assertThat(history.length()).isEqualTo(102);
    assertThat(history.generated()).isEqualTo(101);
    assertThat(history.token(101)).isEqualTo(99);
    history.truncate(3);
    assertThat(history.toArray()).containsExactly(4, 5, 0);
  }

  @Test
  void keepsThePrompt() {
    TokenHistory history = new TokenHistory(new int[] {4, 5}, 2);
    assertThatIllegalArgumentException().isThrownBy(() -> history.truncate(1));
    assertThatIllegalArgumentException().isThrownBy(() -> history.truncate(3));
    assertThatThrownBy(() -> history.token(2)).isInstanceOf(IndexOutOfBoundsException.class);
  }
}
