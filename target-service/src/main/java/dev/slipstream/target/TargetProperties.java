package dev.slipstream.target;

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
 * What the target service serves, and with what.
 *
 * @param model the model to serve: {@code file:PATH}, a path, a catalogue name or {@code
 *     hf:org/name[:quant]}
 * @param modelId the name that clients see; empty for the model's own
 * @param threads that compute; 0 for one per available processor
 * @param drafters names of drafters that run in this process, the default first, instead of in a
 *     draft service; there is {@code prompt-lookup}. Empty for none
 * @param drainLimit how long answers may take to finish when the service is stopped; keep it below
 *     {@code spring.grpc.server.shutdown.grace-period}
 * @param kv the kv-service
 * @param costBudget time for measuring the cost of passes, at the first start of a model on a
 *     machine; 0 measures nothing, now or when the service has nothing to do
 * @param cacheDirectory where that is remembered; null for Slipstream's cache directory
 */
@Validated
@ConfigurationProperties("slipstream.target")
public record TargetProperties(
    @NotBlank @DefaultValue("smollm2-135m-instruct") String model,
    @NotNull @DefaultValue("") String modelId,
    @Min(0) @Max(1024) @DefaultValue("0") int threads,
    @NotNull @DefaultValue List<String> drafters,
    @NotNull @DefaultValue("20s") Duration drainLimit,
    @NotNull @Valid @DefaultValue Kv kv,
    @NotNull @DefaultValue("4s") Duration costBudget,
    @Nullable Path cacheDirectory) {

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

  @AssertTrue(message = "drain-limit and cost-budget must not be negative")
  boolean isPeriodsUsable() {
    return !drainLimit.isNegative() && !costBudget.isNegative();
  }
}
