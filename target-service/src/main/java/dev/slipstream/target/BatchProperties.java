package dev.slipstream.target;

import dev.slipstream.engine.cache.KvFormat;
import dev.slipstream.engine.cache.encoding.NamedEncoding;
import dev.slipstream.engine.runtime.Batch;
import dev.slipstream.target.application.LoopSettings;
import dev.slipstream.target.application.ServedModel;
import jakarta.validation.Valid;
import jakarta.validation.constraints.AssertTrue;
import jakarta.validation.constraints.Max;
import jakarta.validation.constraints.Min;
import jakarta.validation.constraints.NotNull;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.util.unit.DataSize;
import org.springframework.validation.annotation.Validated;

/**
 * How much is computed at a time, and for how many.
 *
 * @param contextLength most tokens of a sequence, prompt included; 0 for the model's limit. The
 *     size of the KV cache limits it too
 * @param maxBatchRows rows of one forward pass: prompt tokens, decoding sequences, draft tokens
 * @param prefillChunk prompt tokens of a pass in which other sequences decode; more means a shorter
 *     wait for the new answer and longer pauses in the others
 * @param maxRunning sequences that are decoded at the same time
 * @param maxQueued requests that wait for a place; more are refused with RESOURCE_EXHAUSTED
 * @param maxResumed answers that other targets had begun and that wait besides these; whoever says
 *     so of more is treated like everybody else
 * @param maxDraftTokens draft tokens of one sequence in one pass; 0 switches speculation off
 * @param kvCache memory for keys and values
 */
@Validated
@ConfigurationProperties("slipstream.target")
public record BatchProperties(
    @Min(0) @DefaultValue("0") int contextLength,
    @Min(1) @Max(Batch.MAX_ROWS) @DefaultValue("256") int maxBatchRows,
    @Min(1) @DefaultValue("64") int prefillChunk,
    @Min(1) @DefaultValue("16") int maxRunning,
    @Min(0) @DefaultValue("256") int maxQueued,
    @Min(0) @Max(1 << 16) @DefaultValue("64") int maxResumed,
    @Min(0) @Max(256) @DefaultValue("16") int maxDraftTokens,
    @NotNull @Valid @DefaultValue KvCache kvCache) {

  /**
   * @param size bytes of the KV cache, taken at start; more than {@code max-running} sequences of
   *     full length could use is not taken
   * @param memoryFraction the same as a part of this machine's (or container's) memory, above 0 and
   *     below 1; if set, {@code size} does not count
   * @param keyEncoding how keys are kept: {@code i16}, integers with a scale, or {@code f32} as
   *     they were computed, in twice the memory
   * @param valueEncoding the same for values
   */
  public record KvCache(
      @NotNull @DefaultValue("512MB") DataSize size,
      @Nullable Double memoryFraction,
      @NotNull @DefaultValue("i16") NamedEncoding keyEncoding,
      @NotNull @DefaultValue("i16") NamedEncoding valueEncoding) {
    KvFormat format() {
      return NamedEncoding.format(keyEncoding, valueEncoding);
    }

    @AssertTrue(message = "size must be at least 1MB")
    boolean isSizeUsable() {
      return size.compareTo(DataSize.ofMegabytes(1)) >= 0;
    }

    @AssertTrue(message = "memory-fraction must be above 0 and below 1")
    boolean isMemoryFractionUsable() {
      return memoryFraction == null || (memoryFraction > 0 && memoryFraction < 1);
    }
  }

  @AssertTrue(message = "max-running must not exceed max-batch-rows")
  boolean isBatchLargeEnough() {
    return maxRunning <= maxBatchRows;
  }

  /** Limits of a loop that decodes this model. */
  LoopSettings settings(ServedModel model) {
    int context =
        contextLength == 0 ? model.contextLength() : Math.min(contextLength, model.contextLength());
    return new LoopSettings(
        KvBudget.blocks(this, model.kvLayout(), context),
        context,
        maxBatchRows,
        prefillChunk,
        maxRunning,
        maxQueued,
        maxResumed,
        maxDraftTokens);
  }
}
