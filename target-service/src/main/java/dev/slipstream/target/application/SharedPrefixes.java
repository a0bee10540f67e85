package dev.slipstream.target.application;

import dev.slipstream.engine.cache.BlockKey;
import dev.slipstream.engine.cache.KvLayout;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.function.Consumer;

/**
 * KV blocks shared with other targets. It is an accelerator only: whatever goes wrong there, blocks
 * are computed instead. No method waits.
 */
public interface SharedPrefixes extends AutoCloseable {
  /** Shares nothing. */
  SharedPrefixes NONE =
      new SharedPrefixes() {
        @Override
        public boolean isAvailable() {
          return false;
        }

        @Override
        public void fetch(
            String tenant, List<BlockKey> keys, KvLayout layout, Consumer<List<byte[]>> result) {
          result.accept(List.of());
        }

        @Override
        public void store(String tenant, BlockKey key, MemorySegment block) {}

        @Override
        public void discard(String tenant, BlockKey key, MemorySegment block) {}

        @Override
        public void close() {}
      };

  /**
   * Makes ready for requests while the model is loaded: else the first one would, for which its
   * time is too short.
   */
  default void connect() {}

  /** Whether asking is worth while at the moment. */
  boolean isAvailable();

  /**
   * Gets blocks.
   *
   * @param keys parent first
   * @param layout what every block must be one of; anything else is discarded
   * @param result gets the blocks under the first of the keys, which attention can take, possibly
   *     none; called exactly once, by any thread, within the configured time
   */
  void fetch(String tenant, List<BlockKey> keys, KvLayout layout, Consumer<List<byte[]>> result);

  /** Offers a block, which is copied if it is taken at all. */
  void store(String tenant, BlockKey key, MemorySegment block);

  /**
   * Has a block deleted with which a pass went wrong, unless there is another one under its key by
   * now, and does not fetch this key for a while. The block is copied.
   */
  void discard(String tenant, BlockKey key, MemorySegment block);

  @Override
  void close();
}
