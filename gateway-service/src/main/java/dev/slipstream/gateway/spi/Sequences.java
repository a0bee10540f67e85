package dev.slipstream.gateway.spi;

/** The sequences of one prompt, with the parameters of one request. */
public interface Sequences {
  /** What continues the prompt. */
  ForkableSequence open(SequenceOptions options);

  /**
   * Another continuation of what a sequence says. It is opened as soon as that has said so much, at
   * the same target, and finds what they share in its cache, so that this is computed once. If
   * there is no room for it there or anywhere, it waits, as an answer does that has begun. A prompt
   * too short for a cache is not waited for.
   *
   * @param of one of these sequences, whose events somebody hears
   * @param tokens how many of that sequence's tokens behind the prompt they share; the fork's
   *     events begin behind them, while stop strings, penalties and {@code max_tokens} take them
   *     for its own. It fails if that sequence ends with fewer
   */
  ForkableSequence fork(ForkableSequence of, int tokens, SequenceOptions options);
}
