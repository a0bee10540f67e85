package dev.slipstream.target.application;

import dev.slipstream.engine.cache.KvLayout;
import dev.slipstream.engine.model.ForwardPass;
import java.util.Set;

/**
 * The model of record.
 *
 * @param id the name that clients use
 * @param architecture as the model file names it
 * @param format of most of its weights, such as {@code Q4_1}
 * @param digest SHA-256 of the model file, in hexadecimal
 * @param tokenizerDigest of everything that determines token ids
 * @param contextLength tokens that the model was made for
 * @param vocabularySize token ids are below this
 * @param endTokens ids that end an answer
 * @param kvLayout of its KV blocks
 * @param pass its computation
 */
public record ServedModel(
    String id,
    String architecture,
    String format,
    String digest,
    String tokenizerDigest,
    int contextLength,
    int vocabularySize,
    Set<Integer> endTokens,
    KvLayout kvLayout,
    ForwardPass pass) {
  public ServedModel {
    endTokens = Set.copyOf(endTokens);
  }
}
