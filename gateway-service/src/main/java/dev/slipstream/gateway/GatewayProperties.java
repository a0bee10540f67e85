package dev.slipstream.gateway;

import jakarta.validation.constraints.AssertTrue;
import jakarta.validation.constraints.Max;
import jakarta.validation.constraints.Min;
import jakarta.validation.constraints.NotBlank;
import jakarta.validation.constraints.NotEmpty;
import jakarta.validation.constraints.NotNull;
import java.time.Duration;
import java.util.List;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.util.unit.DataSize;
import org.springframework.validation.annotation.Validated;

/**
 * Configuration of the gateway.
 *
 * @param targets gRPC targets of the target services, as {@code static://host:port}, {@code
 *     dns:///host:port} (every address that the host has, now and later, is one replica) or {@code
 *     in-process:name}
 * @param drafts gRPC targets of the draft services, likewise; may be empty
 * @param maxBodySize largest HTTP request body, 1KB to 64MB
 * @param keepAlive how often an event stream gets a comment line, so that proxies keep it open
 *     while a long prompt is computed; at least 100ms
 * @param requestTimeout longest wait for the header of a request on an open connection, and for its
 *     body; at least 100ms
 * @param bodyPause longest time in which nothing of a request's body comes; at least 100ms
 * @param workers threads for chat templates and tokenisation
 * @param maxQueuedPrompts prompts that may wait for these threads; half of them of one key
 */
@Validated
@ConfigurationProperties("slipstream.gateway")
public record GatewayProperties(
    @NotEmpty @DefaultValue("static://localhost:9092") List<@NotBlank String> targets,
    @NotNull @DefaultValue("static://localhost:9091") List<@NotBlank String> drafts,
    @NotNull @DefaultValue("4MB") DataSize maxBodySize,
    @NotNull @DefaultValue("15s") Duration keepAlive,
    @NotNull @DefaultValue("60s") Duration requestTimeout,
    @NotNull @DefaultValue("10s") Duration bodyPause,
    @Min(1) @Max(256) @DefaultValue("2") int workers,
    @Min(1) @Max(1 << 20) @DefaultValue("1024") int maxQueuedPrompts) {

  @AssertTrue(message = "max-body-size must be between 1KB and 64MB")
  boolean isMaxBodySizeInRange() {
    return maxBodySize.compareTo(DataSize.ofKilobytes(1)) >= 0
        && maxBodySize.compareTo(DataSize.ofMegabytes(64)) <= 0;
  }

  @AssertTrue(message = "request-timeout must be at least 100ms")
  boolean isRequestTimeoutUsable() {
    return requestTimeout.toMillis() >= 100;
  }

  @AssertTrue(message = "body-pause must be at least 100ms")
  boolean isBodyPauseUsable() {
    return bodyPause.toMillis() >= 100;
  }

  @AssertTrue(message = "keep-alive must be at least 100ms")
  boolean isKeepAliveUsable() {
    return keepAlive.toMillis() >= 100;
  }
}
