package dev.slipstream.technique;

/** What may have changed about an answer, from nothing to much. */
public enum Lossless {
  /** Token for token the answer of plain decoding. */
  TOKEN,
  /** The target's distribution, though not necessarily the same draws. */
  DISTRIBUTION,
  /** An approximation that the request or the deployment opted into. */
  NONE;

  /** Of two techniques that took part in an answer, what the answer is. */
  public Lossless weaker(Lossless other) {
    return compareTo(other) >= 0 ? this : other;
  }
}
