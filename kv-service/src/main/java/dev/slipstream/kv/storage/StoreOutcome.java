package dev.slipstream.kv.storage;

/** What became of a block that was offered to a {@link BlockStore}. */
public enum StoreOutcome {
  STORED,
  /** It was there already and stays as it is. */
  PRESENT,
  /** The admission policy or the lack of room kept it out. */
  DECLINED
}
