package dev.slipstream.gateway.http;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonInclude.Include;
import com.fasterxml.jackson.annotation.JsonUnwrapped;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A response or one chunk of it, named as OpenAI does; {@code slipstream} is ours.
 *
 * @param usage null where there is no such field, empty where it is null
 * @param promptTokenIds null unless asked for
 * @param slipstream null in all chunks but the last one with choices
 */
record Body(
    @JsonUnwrapped Head head,
    List<?> choices,
    @JsonInclude(Include.NON_NULL) @Nullable Optional<Usage> usage,
    @JsonInclude(Include.NON_NULL) @Nullable List<Integer> promptTokenIds,
    @JsonInclude(Include.NON_NULL) @Nullable Figures slipstream) {

  /** What is the same in all chunks. */
  record Head(String id, String object, long created, String model, String systemFingerprint) {}

  /** Tokens of all choices together; the prompt counts once. */
  record Usage(
      int promptTokens,
      int completionTokens,
      int totalTokens,
      PromptTokensDetails promptTokensDetails) {}

  /**
   * @param cachedTokens prompt tokens that were not computed again
   */
  record PromptTokensDetails(int cachedTokens) {}

  /**
   * How the answer came about; sums over all choices, times of the slowest.
   *
   * @param resumes how often a target was lost and another one went on with the answer
   */
  record Figures(
      @JsonUnwrapped DraftFigures drafts,
      @JsonUnwrapped PrefixHits prefix,
      int resumes,
      TimingsMs timings) {}

  /**
   * @param drafted draft tokens that the target verified
   * @param accepted draft tokens that it accepted
   * @param rounds passes that verified at least one draft token
   * @param acceptanceLength tokens committed by such a pass: 1 + accepted / rounds; null without
   *     one
   * @param lossless what speculation may have changed: {@code token} (nothing), {@code
   *     distribution} (the draws, not their distribution) or {@code none} (an approximation)
   * @param state {@code on}, {@code gated} or {@code off}
   * @param reason why the state is what it is
   */
  record DraftFigures(
      long drafted,
      long accepted,
      long rounds,
      @Nullable Double acceptanceLength,
      String lossless,
      String state,
      String reason) {}

  /**
   * @param prefixHitTokens prompt tokens whose KV came from a cache
   * @param remotePrefixHitTokens the part of these that came from kv-service
   */
  record PrefixHits(int prefixHitTokens, int remotePrefixHitTokens) {}

  /**
   * Milliseconds.
   *
   * @param queue waiting for a place in the target's batch
   * @param prefill from there to the first token
   * @param decode from the first token to the last
   * @param total from the request's arrival to the end
   * @param ttft from the request's arrival to the first token
   */
  record TimingsMs(double queue, double prefill, double decode, double total, double ttft) {}
}
