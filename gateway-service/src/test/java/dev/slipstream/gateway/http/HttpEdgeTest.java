package dev.slipstream.gateway.http;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.slipstream.gateway.fake.Gateway;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Tag("suite")
@Timeout(60)
class HttpEdgeTest {

  /** Else the gateway starts, and closes every connection. */
  @Test
  void http2IsRefusedAtTheStart() {
    assertThatThrownBy(
            () -> Gateway.start("static://localhost:1", "", "--server.http2.enabled=true").close())
        .rootCause()
        .hasMessageStartingWith("server.http2.enabled must be false");
  }

  @Test
  void aBudgetThatNoBodyFitsIsRefusedAtTheStart() {
    assertThatThrownBy(
            () ->
                Gateway.start(
                        "static://localhost:1", "", "--slipstream.gateway.limits.request-bytes=7MB")
                    .close())
        .rootCause()
        .hasMessageContaining("slipstream.gateway.max-body-size (4MB)");
  }
}
