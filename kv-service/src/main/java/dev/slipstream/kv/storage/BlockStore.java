package dev.slipstream.kv.storage;

import java.nio.ByteBuffer;
import java.util.List;
import java.util.Optional;

/** Keeps blocks up to a number of bytes. Safe for use by several threads. */
public interface BlockStore extends AutoCloseable {
  /** The name used in configuration and statistics. */
  String name();

  /**
   * How many leading keys of a chain are stored for this tenant. Counts as a use of those blocks.
   *
   * @param keys parent first
   */
  int match(String tenant, List<BlockKey> keys);

  /** A copy of the block, or nothing if it is not stored (any more). Counts as a use. */
  Optional<StoredBlock> get(BlockId id);

  /**
   * Offers a block. The store copies the bytes before it returns.
   *
   * @param data at least one byte
   * @param crc32c CRC-32C of {@code data}, which the caller has checked
   */
  StoreOutcome put(BlockId id, ByteBuffer data, int crc32c);

  StoreUsage usage();

  /** Drops all blocks and frees their memory; calls that follow find nothing and store nothing. */
  @Override
  void close();
}
