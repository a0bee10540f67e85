package dev.slipstream.gateway.access;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A page whose name was made to mean 127.0.0.1 must not use the gateway of whoever looks at it. */
class HostRuleTest {
  private static final HostRule OPEN_ON_LOOPBACK = new HostRule(List.of(), true, true);

  @ParameterizedTest
  @ValueSource(
      strings = {
        "localhost",
        "LocalHost:8080",
        "localhost.",
        "localhost.:8080",
        "slipstream.localhost:1",
        "a.b.localhost",
        "127.0.0.1",
        "127.0.0.1:8080",
        "127.255.3.4",
        "[::1]",
        "[::1]:8080",
        "[0:0:0:0:0:0:0:1]:8080",
        "[::ffff:127.0.0.1]",
        "localhost:"
      })
  void namesOfLoopbackAreItsOwn(String host) {
    assertThat(OPEN_ON_LOOPBACK.allows(host)).isTrue();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "evil.example",
        "evil.example:8080",
        "localhost.evil.example",
        "127.0.0.1.evil.example",
        "localhost@evil.example",
        "evil.example@localhost",
        "localhost:8080:evil.example",
        "notlocalhost",
        ".localhost.evil",
        "localhost evil",
        "0.0.0.0",
        "[::]",
        "192.168.1.1",
        "[2001:db8::1]",
        "[::1",
        "::1",
        "[localhost]",
        "[]",
        "128.0.0.1",
        "127.0.0.1%20",
        "localhost/evil",
        "lоcalhost"
      })
  void othersAreNot(String host) {
    assertThat(OPEN_ON_LOOPBACK.allows(host)).isFalse();
  }

  @Test
  void whereKeysAreNeededOrTheNetworkIsMeantAnyNameIsGood() {
    assertThat(new HostRule(List.of(), false, true).allows("evil.example")).isTrue();
    assertThat(new HostRule(List.of(), true, false).allows("gateway:8080")).isTrue();
    assertThat(new HostRule(List.of("*"), true, true).allows("evil.example")).isTrue();
  }

  @Test
  void configuredNamesAreGoodAndOthersNotWhateverElseIsConfigured() {
    for (boolean open : new boolean[] {true, false}) {
      for (boolean loopback : new boolean[] {true, false}) {
        HostRule rule = new HostRule(List.of("Models.Example", "10.0.0.1"), open, loopback);
        assertThat(rule.allows("models.example:8080")).isTrue();
        assertThat(rule.allows("10.0.0.1")).isTrue();
        assertThat(rule.allows("localhost")).isTrue();
        assertThat(rule.allows("evil.example")).isFalse();
      }
    }
  }

  /** A probe calls a pod by its address, which no name can be made to be. */
  @Test
  void awayFromLoopbackAddressesAreGood() {
    assertThat(new HostRule(List.of("models.example"), true, false).allows("10.1.2.3:8080"))
        .isTrue();
    assertThat(new HostRule(List.of("models.example"), true, true).allows("10.1.2.3:8080"))
        .isFalse();
  }
}
