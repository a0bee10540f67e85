package dev.slipstream.draft.application;

/**
 * @param maxStreams streams at a time
 * @param maxContext tokens of one stream
 * @param maxIndexedTokens tokens of all streams together, which bounds the memory
 * @param maxNodes nodes of a proposal, whatever the client asks for
 * @param resting what is proposed to a target that wants no draft tokens
 */
public record DraftLimits(
    int maxStreams, int maxContext, long maxIndexedTokens, int maxNodes, Resting resting) {

  /**
   * A target that wants no draft tokens still scores proposals against the tokens it decodes
   * anyway, to notice when speculation would pay again. So it is sent short ones, now and then.
   *
   * @param nodes nodes of such a proposal
   * @param interval committed tokens from one to the next
   */
  public record Resting(int nodes, int interval) {}
}
