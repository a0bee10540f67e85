package dev.slipstream.gateway;

import jakarta.validation.constraints.AssertTrue;
import jakarta.validation.constraints.NotBlank;
import jakarta.validation.constraints.NotNull;
import jakarta.validation.constraints.Pattern;
import java.time.Duration;
import java.util.List;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.validation.annotation.Validated;

/**
 * Who may use the gateway, and from where.
 *
 * @param allowedOrigins web pages whose scripts may use the HTTP API, as {@code https://host},
 *     {@code http://localhost:[*]} (any port) or {@code *}; by default pages of this machine
 * @param allowedHosts names by which clients may call the gateway besides those of loopback, or
 *     {@code *} for any. By default any, except where it is open to everybody and on loopback
 * @param apiKeys keys that are good, each as {@code key create} prints it; with none, and no file,
 *     everybody is let in
 * @param apiKeysFile file of further keys, one to a line; read again when it changes. Empty for
 *     none; a file without keys lets nobody in
 * @param apiKeysInterval how often the file is looked at; at least 10ms
 */
@Validated
@ConfigurationProperties("slipstream.gateway")
public record AccessProperties(
    @NotNull @DefaultValue({"http://localhost:[*]", "http://127.0.0.1:[*]"})
        List<@NotBlank String> allowedOrigins,
    @NotNull @DefaultValue({})
        List<
                @Pattern(
                    regexp = "\\*|[A-Za-z0-9._:-]+",
                    message = "must be names without scheme and port, or *")
                String>
            allowedHosts,
    @NotNull @DefaultValue({}) List<@NotBlank String> apiKeys,
    @NotNull @DefaultValue("") String apiKeysFile,
    @NotNull @DefaultValue("2s") Duration apiKeysInterval) {

  @AssertTrue(message = "api-keys-interval must be at least 10ms")
  boolean isApiKeysIntervalUsable() {
    return apiKeysInterval.toMillis() >= 10;
  }
}
