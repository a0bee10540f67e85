package dev.slipstream.gateway.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.slipstream.gateway.access.ByteBudget;
import dev.slipstream.gateway.fake.FakeTarget;
import dev.slipstream.gateway.fake.Gateway;
import dev.slipstream.gateway.fake.LogRecord;
import dev.slipstream.gateway.fake.RawClient;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Bytes are held for those who send them, and not for those who have stopped. */
@Tag("suite")
@Timeout(120)
class SlowBodyTest {

  @Test
  void aBodyThatStopsComingIsGivenUpAndItsBytesAreFree() {
    try (FakeTarget target = FakeTarget.start();
        Gateway gateway =
            Gateway.start(target.address(), "", "--slipstream.gateway.body-pause=100ms")
                .awaitModels(1);
        LogRecord log = new LogRecord()) {
      ByteBudget budget = gateway.context().getBean(ByteBudget.class);
      String known = RawClient.post("/v1/completions", "", 100_000, "{");
      String chunked = known.replace("Content-Length: 100000", "Transfer-Encoding: chunked");
      for (String start : new String[] {known, chunked.replaceFirst("\\{$", "1\r\n{\r\n")}) {
        String answer = RawClient.exchange(gateway, start);
        assertThat(answer)
            .startsWith("HTTP/1.1 408")
            .containsIgnoringCase("\r\nconnection: close\r\n")
            .contains("request_timeout", "for 100 ms, after 1 bytes");
        await().until(() -> budget.held() == 0);
      }
      assertThat(log.alarms()).isEmpty();
      assertThat(log.lines()).hasSize(2);
    }
  }
}
