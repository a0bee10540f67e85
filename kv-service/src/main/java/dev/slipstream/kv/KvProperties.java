package dev.slipstream.kv;

import com.sun.management.OperatingSystemMXBean;
import jakarta.validation.Valid;
import jakarta.validation.constraints.AssertTrue;
import jakarta.validation.constraints.Max;
import jakarta.validation.constraints.Min;
import jakarta.validation.constraints.NotBlank;
import jakarta.validation.constraints.NotNull;
import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.util.List;
import org.hibernate.validator.constraints.time.DurationMax;
import org.hibernate.validator.constraints.time.DurationMin;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.util.unit.DataSize;
import org.springframework.validation.annotation.Validated;

/**
 * Configuration of the KV service.
 *
 * @param storage where blocks are kept: {@code memory} of this process, or {@code redis}
 * @param maxBlockSize largest block that is taken, 1 byte to 64 MB; a block holds the KV of 16
 *     tokens in all layers
 * @param maxKeys longest chain of keys in one Match or Fetch; at 16 tokens a block the default
 *     covers 262,144 tokens
 * @param maxFetchSize bytes of blocks after which one Fetch sends no more
 * @param maxInFlight heap for blocks that are being stored, and as much again for those being
 *     fetched; at least {@code maxBlockSize}
 * @param memory settings of the {@code memory} storage
 * @param redis settings of the {@code redis} storage
 */
@Validated
@ConfigurationProperties("slipstream.kv")
public record KvProperties(
    @NotNull @DefaultValue("memory") Storage storage,
    @NotNull @DefaultValue("16MB") DataSize maxBlockSize,
    @Min(1) @Max(1 << 20) @DefaultValue("16384") int maxKeys,
    @NotNull @DefaultValue("256MB") DataSize maxFetchSize,
    @NotNull @DefaultValue("64MB") DataSize maxInFlight,
    @NotNull @Valid @DefaultValue Memory memory,
    @NotNull @Valid @DefaultValue Redis redis) {

  /** The kinds of storage. */
  public enum Storage {
    MEMORY,
    REDIS
  }

  /**
   * @param capacity off-heap bytes for blocks, never exceeded, and at most this machine's or
   *     container's memory; taken from the system as they are first needed
   */
  public record Memory(@NotNull @DefaultValue("512MB") DataSize capacity) {
    @AssertTrue(message = "capacity must be at least 1MB")
    boolean isCapacityUsable() {
      return capacity.compareTo(DataSize.ofMegabytes(1)) >= 0;
    }
  }

  /**
   * @param uris {@code redis://[[user]:password@]host[:port][/database]}, or {@code rediss} for
   *     TLS: one, or some nodes of a cluster
   * @param cluster whether {@code uris} are nodes of a Redis Cluster
   * @param username as whom; only with a password
   * @param password unless it is part of {@code uris}
   * @param sslBundle name of the SSL bundle with the authorities, and the certificate if one is
   *     asked for, of {@code rediss} addresses; the JVM's authorities if there is none
   * @param keyPrefix of all keys
   * @param timeToLive how long a block stays after it was stored or last matched, from 1s
   * @param commandTimeout longest wait for an answer, 10ms to 1m
   */
  public record Redis(
      @NotNull @DefaultValue List<@NotBlank String> uris,
      @DefaultValue("false") boolean cluster,
      @NotNull @DefaultValue("") String username,
      @NotNull @DefaultValue("") String password,
      @NotNull @DefaultValue("") String sslBundle,
      @NotNull @DefaultValue("slipstream:kv:") String keyPrefix,
      @NotNull @DurationMin(seconds = 1) @DurationMax(days = 3650) @DefaultValue("24h")
          Duration timeToLive,
      @NotNull @DurationMin(millis = 10) @DurationMax(minutes = 1) @DefaultValue("500ms")
          Duration commandTimeout) {

    /** Without what is secret: binding errors print values. */
    @Override
    public String toString() {
      return "Redis[cluster=" + cluster + ", username=" + username + "]";
    }
  }

  @AssertTrue(message = "memory.capacity must be at most the memory of this machine or container")
  boolean isMemoryThere() {
    long all =
        ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class).getTotalMemorySize();
    return storage != Storage.MEMORY || memory.capacity().toBytes() <= all;
  }

  @AssertTrue(message = "max-fetch-size must be above 0")
  boolean isMaxFetchSizePositive() {
    return maxFetchSize.toBytes() > 0;
  }

  @AssertTrue(message = "max-in-flight must not be below max-block-size")
  boolean isMaxInFlightEnough() {
    return maxInFlight.compareTo(maxBlockSize) >= 0;
  }

  @AssertTrue(message = "max-block-size must be between 1B and 64MB")
  boolean isMaxBlockSizeInRange() {
    return maxBlockSize.toBytes() >= 1 && maxBlockSize.compareTo(DataSize.ofMegabytes(64)) <= 0;
  }
}
