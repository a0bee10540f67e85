package dev.slipstream.target;

import dev.slipstream.engine.cache.KvFormat;
import dev.slipstream.engine.cache.encoding.NamedEncoding;
import dev.slipstream.engine.runtime.Batch;
import jakarta.validation.Valid;
import jakarta.validation.constraints.AssertTrue;
import jakarta.validation.constraints.Max;
import jakarta.validation.constraints.Min;
import jakarta.validation.constraints.NotBlank;
import jakarta.validation.constraints.NotNull;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.util.unit.DataSize;
import org.springframework.validation.annotation.Validated;

/**
 * Configuration of the target service.
 *
 * @param model the model to serve: {@code file:PATH}, a path, a catalogue name or {@code
 *     hf:org/name[:quant]}
 * @param modelId the name that clients see; empty for the model's own
 * @param threads that compute; 0 for one per available processor
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
 * @param drafters names of drafters that run in this process, the default first, instead of in a
 *     draft service; there is {@code prompt-lookup}. Empty for none
 * @param drainLimit how long answers may take to finish when the service is stopped; keep it below
 *     {@code spring.grpc.server.shutdown.grace-period}
 * @param kvCache memory for keys and values
 * @param kv the kv-service
 * @param costBudget time for measuring verification cost, at the first start of a model on a
 *     machine; 0 measures nothing, now or when the service has nothing to do
 * @param cacheDirectory where that is remembered; null for Slipstream's cache directory
 */
@Validated
@ConfigurationProperties("slipstream.target")
public record TargetProperties(
    @NotBlank @DefaultValue("smollm2-135m-instruct") String model,
    @NotNull @DefaultValue("") String modelId,
    @Min(0) @Max(1024) @DefaultValue("0") int threads,
    @Min(0) @DefaultValue("0") int contextLength,
    @Min(1) @Max(Batch.MAX_ROWS) @DefaultValue("256") int maxBatchRows,
    @Min(1) @DefaultValue("64") int prefillChunk,
    @Min(1) @DefaultValue("16") int maxRunning,
    @Min(0) @DefaultValue("256") int maxQueued,
    @Min(0) @Max(1 << 16) @DefaultValue("64") int maxResumed,
    @Min(0) @Max(256) @DefaultValue("16") int maxDraftTokens,
    @NotNull @DefaultValue List<String> drafters,
    @NotNull @DefaultValue("20s") Duration drainLimit,
    @NotNull @Valid @DefaultValue KvCache kvCache,
    @NotNull @Valid @DefaultValue Kv kv,
    @NotNull @DefaultValue("4s") Duration costBudget,
    @Nullable Path cacheDirectory) {

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

  /**
   * @param target gRPC target of the kv-service, for example {@code dns:///kv:9093}; empty for none
   * @param patience longest wait for its first answer; a slower one counts as a failure
   * @param fetchRate bytes a second that a fetch is given time for, besides {@code patience}
   * @param pause how long it is not asked after a failure
   * @param storeQueue bytes of blocks that wait to be stored; more are dropped
   * @param fetchMemory heap for blocks that are being fetched; prefixes beyond are computed
   * @param refusal how long a block that was of no use is not asked for again
   * @param maxBlockSize largest block that can be exchanged, up to 64 MB
   */
  public record Kv(
      @NotNull @DefaultValue("") String target,
      @NotNull @DefaultValue("50ms") Duration patience,
      @NotNull @DefaultValue("100MB") DataSize fetchRate,
      @NotNull @DefaultValue("5s") Duration pause,
      @NotNull @DefaultValue("64MB") DataSize storeQueue,
      @NotNull @DefaultValue("128MB") DataSize fetchMemory,
      @NotNull @DefaultValue("5m") Duration refusal,
      @NotNull @DefaultValue("16MB") DataSize maxBlockSize) {
    @AssertTrue(message = "patience, pause and refusal must be above 0")
    boolean isPeriodsPositive() {
      return patience.isPositive() && pause.isPositive() && refusal.isPositive();
    }

    @AssertTrue(
        message = "fetch-rate, store-queue, fetch-memory and max-block-size must be above 0")
    boolean isSizesPositive() {
      return Stream.of(fetchRate, storeQueue, fetchMemory, maxBlockSize)
          .allMatch(size -> size.toBytes() > 0);
    }

    @AssertTrue(message = "max-block-size must be at most 64MB")
    boolean isMaxBlockSizeUsable() {
      return maxBlockSize.compareTo(DataSize.ofMegabytes(64)) <= 0;
    }
  }

  @AssertTrue(message = "max-running must not exceed max-batch-rows")
  boolean isBatchLargeEnough() {
    return maxRunning <= maxBatchRows;
  }

  @AssertTrue(message = "drain-limit and cost-budget must not be negative")
  boolean isPeriodsUsable() {
    return !drainLimit.isNegative() && !costBudget.isNegative();
  }
}
