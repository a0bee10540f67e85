package dev.slipstream.target.application;

/**
 * Hears about one sequence. Called by the decode loop's thread, which every other sequence waits
 * for: implementations hand on and return, and do not throw. After {@link #finished} or {@link
 * #failed} there is no further call; a cancelled sequence gets none.
 */
public interface DecodeListener {
  /**
   * The sequence has left the queue.
   *
   * @param cachedTokens prompt tokens whose KV was found in a cache
   * @param remoteCachedTokens the part of them that came from kv-service
   */
  void started(int cachedTokens, int remoteCachedTokens);

  /** Tokens are part of the answer for good. */
  void committed(CommittedTokens tokens);

  void finished(Outcome outcome);

  void failed(DecodeFailure failure);
}
