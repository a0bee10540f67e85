package dev.slipstream.engine.cache;

/** How keys are kept, and how values are, which need not be the same. */
public record KvFormat(KvEncoding keys, KvEncoding values) {
  /** The id of the encoding, or those of keys and values where they differ. */
  public String id() {
    return keys.id().equals(values.id()) ? keys.id() : keys.id() + "," + values.id();
  }
}
