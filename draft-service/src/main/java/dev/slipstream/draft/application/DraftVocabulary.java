package dev.slipstream.draft.application;

/**
 * The vocabulary that drafters speak.
 *
 * @param tokenizerDigest of the only tokenizer that is served; empty for drafters that copy ids and
 *     so serve any
 * @param size token ids are below this
 */
public record DraftVocabulary(String tokenizerDigest, int size) {
  /** Serves any tokenizer. */
  public static DraftVocabulary any() {
    return new DraftVocabulary("", Integer.MAX_VALUE);
  }

  boolean admits(String targetDigest) {
    return tokenizerDigest.isEmpty()
        || targetDigest.isEmpty()
        || tokenizerDigest.equals(targetDigest);
  }
}
