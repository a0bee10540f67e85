package dev.slipstream.gateway.upstream;

import dev.slipstream.proto.v1.TargetModel;
import dev.slipstream.text.tokenizer.FewestTokens;
import dev.slipstream.text.tokenizer.Tokenizer;

/**
 * A model that targets serve, with what is needed to talk to it.
 *
 * @param fewestTokens of the tokenizer
 */
public record UpstreamModel(
    TargetModel card, Tokenizer tokenizer, FewestTokens fewestTokens, ChatFormat chatFormat) {

  public String id() {
    return card.getId();
  }

  /** Tokens of prompt and answer together. */
  public int contextLength() {
    return card.getContextLength();
  }

  /** Whether another target serves the very same model. */
  public boolean sameAs(UpstreamModel other) {
    return id().equals(other.id())
        && card.getModelDigest().equals(other.card.getModelDigest())
        && card.getTokenizerDigest().equals(other.card.getTokenizerDigest());
  }

  /** Whether a target that serves the other gives the answers that are promised for this one. */
  boolean canGoOnAt(UpstreamModel other) {
    return sameAs(other)
        && other.contextLength() >= contextLength()
        && keepsKvAs(other.card.getKvEncoding());
  }

  /** A target that does not say how it keeps keys and values is one of a version before. */
  private boolean keepsKvAs(String encoding) {
    return encoding.isEmpty()
        || card.getKvEncoding().isEmpty()
        || encoding.equals(card.getKvEncoding());
  }
}
