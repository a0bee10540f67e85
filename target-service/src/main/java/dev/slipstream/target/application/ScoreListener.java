package dev.slipstream.target.application;

import java.util.List;

/**
 * Hears about one score; as {@link DecodeListener}. There is one call, or none after a
 * cancellation.
 */
public interface ScoreListener {
  /**
   * @param logprobs natural logarithms, for each continuation and each of its tokens
   * @param cachedTokens prefix tokens whose KV was found in a cache
   * @param remoteCachedTokens the part of them that came from kv-service
   */
  void scored(List<float[]> logprobs, int cachedTokens, int remoteCachedTokens);

  void failed(DecodeFailure failure);
}
