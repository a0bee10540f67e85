package dev.slipstream.kv.storage;

import java.nio.ByteBuffer;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;

/**
 * Keeps blocks. Safe for use by several threads, which may have to wait: none of them may be a
 * thread of an event loop.
 */
public interface BlockStore extends AutoCloseable {
  /** The name used in configuration and statistics. */
  String name();

  /**
   * How many leading keys of a chain are stored for this tenant. Counts as a use of those blocks.
   *
   * @param keys parent first
   */
  int match(String tenant, List<ContentKey> keys);

  /** A copy of the block, or nothing if it is not stored (any more). Counts as a use. */
  Optional<StoredBlock> get(BlockId id);

  /**
   * The blocks of a chain, one after the other. A store that is far away reads ahead.
   *
   * @param keys parent first
   */
  default BlockReader read(String tenant, List<ContentKey> keys) {
    Iterator<ContentKey> next = keys.iterator();
    return () -> next.hasNext() ? get(new BlockId(tenant, next.next())) : Optional.empty();
  }

  /**
   * Offers a block. The store copies the bytes before it returns.
   *
   * @param data at least one byte
   * @param crc32c CRC-32C of {@code data}, which the caller has checked
   */
  StoreOutcome put(BlockId id, ByteBuffer data, int crc32c);

  /**
   * Deletes a block if its content satisfies a condition.
   *
   * @return whether it did
   */
  boolean remove(BlockId id, Predicate<byte[]> condition);

  /** Most blocks of one reader that are in this process's memory besides the one it returned. */
  default int readAhead() {
    return 0;
  }

  /** Nothing, if what the store takes is not this process's to know. */
  Optional<StoreUsage> usage();

  /**
   * Frees memory and connections; calls that follow find nothing and store nothing. Blocks in the
   * memory of this process are gone.
   */
  @Override
  void close();
}
