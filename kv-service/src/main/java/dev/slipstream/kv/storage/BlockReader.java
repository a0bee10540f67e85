package dev.slipstream.kv.storage;

import java.util.Optional;

/** Reads the blocks of one chain in order. For one thread at a time. */
@FunctionalInterface
public interface BlockReader {
  /** A copy of the next block, or nothing at the end of the chain or if it is gone. */
  Optional<StoredBlock> next();
}
