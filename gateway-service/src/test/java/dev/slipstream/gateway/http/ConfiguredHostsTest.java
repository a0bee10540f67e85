package dev.slipstream.gateway.http;

import static dev.slipstream.gateway.fake.RawClient.exchange;
import static org.assertj.core.api.Assertions.assertThat;

import dev.slipstream.gateway.access.KeyHash;
import dev.slipstream.gateway.fake.FakeTarget;
import dev.slipstream.gateway.fake.Gateway;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Where the gateway is not a developer's own, operators say what it is called, if anybody does. */
@Tag("suite")
@Timeout(120)
class ConfiguredHostsTest {
  private static final String LOOPBACK = "--server.address=127.0.0.1";

  private static void assertStatus(int status, Gateway gateway, String host) {
    String request =
        "GET /metrics HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n\r\n".formatted(host);
    assertThat(exchange(gateway, request)).startsWith("HTTP/1.1 " + status);
  }

  @Test
  void withKeysAnyNameIsGood() {
    try (FakeTarget target = FakeTarget.start();
        Gateway gateway =
            Gateway.start(
                target.address(),
                "",
                LOOPBACK,
                "--slipstream.gateway.api-keys=a " + KeyHash.of("aa"))) {
      assertStatus(200, gateway, "any.example");
    }
  }

  @Test
  void namesThatAreConfiguredAreAnswered() {
    try (FakeTarget target = FakeTarget.start();
        Gateway gateway =
            Gateway.start(
                target.address(),
                "",
                LOOPBACK,
                "--slipstream.gateway.allowed-hosts=My.Example,b")) {
      assertStatus(200, gateway, "my.example:80");
      assertStatus(200, gateway, "b");
      assertStatus(200, gateway, "localhost");
      assertStatus(421, gateway, "other.example");
    }
  }

  /** In a container, or behind a balancer, nobody can know what it is called. */
  @Test
  void onTheNetworkAnyNameIsGood() {
    try (FakeTarget target = FakeTarget.start();
        Gateway gateway = Gateway.start(target.address(), "")) {
      assertStatus(200, gateway, "any.example");
    }
  }
}
