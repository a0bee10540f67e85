package dev.slipstream.gateway;

import jakarta.validation.constraints.AssertTrue;
import jakarta.validation.constraints.Max;
import jakarta.validation.constraints.Min;
import jakarta.validation.constraints.NotNull;
import java.time.Duration;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.util.unit.DataSize;
import org.springframework.validation.annotation.Validated;

/**
 * What the gateway takes on.
 *
 * @param answers under way at a time; more are refused with 429
 * @param answerTime longest time of one answer, queueing included; at least 1s
 * @param requestBytes of bodies and gRPC messages that are held at a time, each until it is
 *     answered; a quarter of the heap by default. At least twice {@code max-body-size}
 * @param connections to the HTTP port at a time; beyond, an idle one is closed for a new one
 */
@Validated
@ConfigurationProperties("slipstream.gateway.limits")
public record LimitProperties(
    @Min(1) @Max(1 << 20) @DefaultValue("1024") int answers,
    @NotNull @DefaultValue("1h") Duration answerTime,
    DataSize requestBytes,
    @Min(16) @Max(1 << 20) @DefaultValue("4096") int connections) {

  @AssertTrue(message = "answer-time must be at least 1s")
  boolean isAnswerTimeUsable() {
    return answerTime.toSeconds() >= 1;
  }
}
