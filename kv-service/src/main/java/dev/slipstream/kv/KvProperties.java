package dev.slipstream.kv;

import jakarta.validation.Valid;
import jakarta.validation.constraints.AssertTrue;
import jakarta.validation.constraints.Max;
import jakarta.validation.constraints.Min;
import jakarta.validation.constraints.NotNull;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.util.unit.DataSize;
import org.springframework.validation.annotation.Validated;

/**
 * Configuration of the KV service.
 *
 * @param storage where blocks are kept; {@code memory} is the one there is
 * @param maxBlockSize largest block that is taken, 1 byte to 64 MB; a block holds the KV of 16
 *     tokens in all layers
 * @param maxKeys longest chain of keys in one Match or Fetch; at 16 tokens a block the default
 *     covers 262,144 tokens
 * @param memory settings of the {@code memory} storage
 */
@Validated
@ConfigurationProperties("slipstream.kv")
public record KvProperties(
    @NotNull @DefaultValue("memory") Storage storage,
    @NotNull @DefaultValue("16MB") DataSize maxBlockSize,
    @Min(1) @Max(1 << 20) @DefaultValue("16384") int maxKeys,
    @NotNull @Valid @DefaultValue Memory memory) {

  /** The kinds of storage. */
  public enum Storage {
    MEMORY
  }

  /**
   * @param capacity off-heap bytes for blocks, never exceeded; taken from the system as they are
   *     first needed
   */
  public record Memory(@NotNull @DefaultValue("512MB") DataSize capacity) {
    @AssertTrue(message = "capacity must be at least 1MB")
    boolean isCapacityUsable() {
      return capacity.compareTo(DataSize.ofMegabytes(1)) >= 0;
    }
  }

  @AssertTrue(message = "max-block-size must be between 1B and 64MB")
  boolean isMaxBlockSizeInRange() {
    return maxBlockSize.toBytes() >= 1 && maxBlockSize.compareTo(DataSize.ofMegabytes(64)) <= 0;
  }
}
