package dev.slipstream.target.application;

import dev.slipstream.technique.Lossless;
import java.util.List;

/** How a sequence ended, and its figures. */
public record Outcome(Reason reason, Usage usage, SpeculationFigures speculation, Timings timings) {
  /** Why it ended. */
  public enum Reason {
    /** An end token or a stop token. */
    STOP,
    /** The limit on tokens, or the context is full. */
    LENGTH
  }

  /**
   * @param promptTokens without resumed ones
   * @param completionTokens with resumed ones
   */
  public record Usage(
      int promptTokens, int completionTokens, int cachedTokens, int remoteCachedTokens) {}

  /**
   * @param drafted draft tokens that were verified
   * @param accepted draft tokens that were accepted
   * @param rounds passes that verified at least one draft token
   * @param lossless what drafts may have changed about the answer
   * @param state what speculation did at the end
   * @param reason of the state, for people
   * @param sources the first two by the technique that found the tokens; empty if there were none
   */
  public record SpeculationFigures(
      long drafted,
      long accepted,
      long rounds,
      Lossless lossless,
      SpeculationState state,
      String reason,
      List<SourceFigures> sources) {}

  /** Draft tokens of one source. */
  public record SourceFigures(String source, long drafted, long accepted) {}

  /**
   * Milliseconds.
   *
   * @param queue waiting for a place in the batch
   * @param prefill from there to the first token
   * @param decode from the first to the last token
   */
  public record Timings(double queue, double prefill, double decode) {}
}
