package dev.slipstream.gateway.access;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.slipstream.gateway.application.ApiError;
import dev.slipstream.gateway.application.ApiException;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Without limits that hold, one key's owner takes the machine from all others. */
class KeyUseTest {

  private static KeyUse use(int requests, int tokens, int concurrent) {
    return new KeyUse(
        new ApiKey("k", KeyHash.of("x"), "t", new ApiKey.Limits(requests, tokens, concurrent)));
  }

  @Test
  void noMoreRequestsAMinuteThanAllowed() {
    KeyUse use = use(2, 0, 0);
    use.enter().close();
    use.enter().close();
    assertThat(use.requests().orElseThrow().remaining()).isZero();
    assertThat(use.requests().orElseThrow().reset())
        .isBetween(Duration.ofSeconds(50), Duration.ofSeconds(60));
    assertThat(busy(() -> use.enter())).isBetween(Duration.ofSeconds(1), Duration.ofSeconds(30));
  }

  @Test
  void noMoreRequestsAtATimeThanAllowed() {
    KeyUse use = use(0, 0, 2);
    KeyUse.Admission first = use.enter();
    use.enter();
    busy(() -> use.enter());
    first.close();
    first.close();
    use.enter();
    busy(() -> use.enter());
  }

  @Test
  void aRefusedRequestTakesNoPlace() {
    KeyUse use = use(1, 0, 1);
    use.enter().close();
    // By the rate, and not by the places.
    assertThat(busy(() -> use.enter())).isGreaterThan(Duration.ofSeconds(30));
    assertThat(busy(() -> use.enter())).isGreaterThan(Duration.ofSeconds(30));
  }

  @Test
  void tokensBeyondTheLimitAreOwed() {
    KeyUse use = use(0, 60, 0);
    KeyUse.Admission admission = use.enter();
    admission.usePrompt(100);
    admission.useAnswer(20);
    assertThat(use.tokens().orElseThrow().remaining()).isZero();
    assertThat(busy(() -> admission.usePrompt(1))).isGreaterThan(Duration.ofSeconds(50));
  }

  @Test
  void withoutLimitsNothingIsCountedOrShown() {
    KeyUse use = use(0, 0, 0);
    assertThatCode(
            () -> {
              for (int i = 0; i < 1000; i++) {
                use.enter().usePrompt(1000);
              }
            })
        .doesNotThrowAnyException();
    assertThat(use.requests()).isEmpty();
    assertThat(use.tokens()).isEmpty();
  }

  @Test
  void aKeyThatStaysKeepsItsCountWhenOthersChange() {
    ApiKeys keys = new ApiKeys(true);
    ApiKey stays = ApiKey.parse("a " + KeyHash.of("a") + " requests-per-minute=1");
    keys.replace(List.of(stays));
    keys.authenticate("Bearer a").orElseThrow().enter();
    keys.replace(List.of(ApiKey.parse("b " + KeyHash.of("b")), ApiKey.parse(stays.line())));
    busy(() -> keys.authenticate("Bearer a").orElseThrow().enter());
  }

  @Test
  void twoKeysWithOneNameOrOneHashAreRefused() {
    ApiKeys keys = new ApiKeys(true);
    ApiKey one = ApiKey.parse("a " + KeyHash.of("a"));
    assertThatThrownBy(() -> keys.replace(List.of(one, ApiKey.parse("a " + KeyHash.of("b")))))
        .hasMessageContaining("twice");
    assertThatThrownBy(() -> keys.replace(List.of(one, ApiKey.parse("b " + KeyHash.of("a")))))
        .hasMessageContaining("twice");
  }

  private static Duration busy(Runnable work) {
    try {
      work.run();
    } catch (ApiException e) {
      return ((ApiError.Busy) e.error()).retryAfter();
    }
    throw new AssertionError("was let through");
  }
}
