package dev.slipstream.gateway;

import jakarta.validation.constraints.AssertTrue;
import jakarta.validation.constraints.NotNull;
import java.time.Duration;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.validation.annotation.Validated;

/**
 * What the gateway does about targets that fail.
 *
 * @param heartbeat from one question whether a target is there to the next; at least 10ms
 * @param silence how long it may take to answer; then its answers go on at another target, if there
 *     is one; at least 10ms
 * @param patience how long an answer waits for a target if none is left
 * @param quarantine how long a request is refused that two targets in a row have failed over; at
 *     least 1s
 */
@Validated
@ConfigurationProperties("slipstream.gateway.failover")
public record FailoverProperties(
    @NotNull @DefaultValue("2s") Duration heartbeat,
    @NotNull @DefaultValue("5s") Duration silence,
    @NotNull @DefaultValue("20s") Duration patience,
    @NotNull @DefaultValue("1m") Duration quarantine) {

  @AssertTrue(message = "heartbeat and silence must be at least 10ms")
  boolean isHeartbeatUsable() {
    return heartbeat.toMillis() >= 10 && silence.toMillis() >= 10;
  }

  @AssertTrue(message = "quarantine must be at least 1s")
  boolean isQuarantineUsable() {
    return quarantine.toSeconds() >= 1;
  }

  @AssertTrue(message = "patience must not be negative")
  boolean isPatienceUsable() {
    return !patience.isNegative();
  }
}
