package dev.slipstream.target.application;

import dev.slipstream.engine.cache.KvLayout;
import dev.slipstream.engine.model.ForwardPass;
import java.util.Set;

/**
 * The model of record.
 *
 * @param id the name that clients use
 * @param contextLength tokens that the model was made for
 * @param kvLayout of its KV blocks
 * @param pass its computation
 */
public record ServedModel(
    String id,
    Weights weights,
    Tokens tokens,
    int contextLength,
    KvLayout kvLayout,
    ForwardPass pass) {
  /**
   * What the model file has of it.
   *
   * @param architecture as the file names it
   * @param format of most of the weights, such as {@code Q4_1}
   * @param digest SHA-256 of the file, in hexadecimal
   */
  public record Weights(String architecture, String format, String digest) {}

  /**
   * What its texts consist of.
   *
   * @param digest of everything that determines token ids
   * @param size ids are below this
   * @param end ids that end an answer
   */
  public record Tokens(String digest, int size, Set<Integer> end) {
    public Tokens {
      end = Set.copyOf(end);
    }
  }

  /** The same model, computed in another way. */
  public ServedModel withPass(ForwardPass other) {
    return new ServedModel(id, weights, tokens, contextLength, kvLayout, other);
  }
}
