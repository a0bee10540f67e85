package dev.slipstream.target.application;

import static dev.slipstream.engine.cache.KvLayout.BLOCK_TOKENS;

import dev.slipstream.engine.cache.BlockKey;
import dev.slipstream.engine.cache.KvPool;
import dev.slipstream.engine.cache.KvSequence;
import dev.slipstream.engine.cache.PrefixCache;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.function.Consumer;

/**
 * Blocks by content: those of the pool, and behind them those that targets share. Belongs to the
 * decode loop's thread.
 */
final class PrefixBlocks {
  private final KvPool pool;
  private final PrefixCache cache;
  private final SharedPrefixes shared;

  PrefixBlocks(KvPool pool, SharedPrefixes shared) {
    this.pool = pool;
    this.cache = new PrefixCache(pool);
    this.shared = shared;
  }

  KvPool pool() {
    return pool;
  }

  /** Blocks that are kept for later texts, and free on demand. */
  int retained() {
    return cache.retained();
  }

  /** Gives a sequence that has none yet the blocks of its text that the pool holds. */
  void adopt(Sequence sequence) {
    sequence.registeredBlocks =
        sequence.alone ? 0 : cache.adopt(sequence.kv(), sequence.reusableKeys());
    sequence.firstForeignBlock = cache.firstForeign(sequence.kv());
  }

  /** Keys of blocks that other targets may have for a sequence; empty if they are not asked. */
  List<BlockKey> missing(Sequence sequence) {
    if (sequence.alone || !shared.isAvailable()) {
      return List.of();
    }
    List<BlockKey> keys = sequence.reusableKeys();
    return List.copyOf(keys.subList(sequence.registeredBlocks, keys.size()));
  }

  /** Asks for them; the result comes on any thread. */
  void fetch(Sequence sequence, List<BlockKey> keys, Consumer<List<byte[]>> result) {
    shared.fetch(sequence.caller.tenant(), keys, pool.layout(), result);
  }

  /** Appends blocks that were fetched under the first of these keys. */
  void append(Sequence sequence, List<BlockKey> keys, List<byte[]> blocks) {
    if (!blocks.isEmpty() && sequence.firstForeignBlock < 0) {
      sequence.firstForeignBlock = sequence.registeredBlocks;
    }
    KvSequence kv = sequence.kv();
    for (int i = 0; i < blocks.size(); i++) {
      int block = kv.block(sequence.registeredBlocks);
      MemorySegment.copy(
          MemorySegment.ofArray(blocks.get(i)), 0, pool.block(block), 0, blocks.get(i).length);
      kv.commit(BLOCK_TOKENS);
      cache.register(keys.get(i), block, true);
      sequence.registeredBlocks++;
    }
  }

  /** Makes the blocks that a sequence has filled with its text known. */
  void publish(Sequence sequence) {
    int tokens = computedText(sequence);
    int full = tokens / BLOCK_TOKENS;
    if (full == sequence.registeredBlocks) {
      return;
    }
    List<BlockKey> keys = sequence.keysOf(tokens);
    for (int i = sequence.registeredBlocks; i < full; i++) {
      int block = sequence.kv().block(i);
      if (cache.register(keys.get(i), block, false)) {
        shared.store(sequence.caller.tenant(), keys.get(i), pool.block(block));
      }
    }
    sequence.registeredBlocks = full;
  }

  /** Forgets the blocks of a sequence from the first foreign one on, here and there. */
  void discard(Sequence sequence) {
    List<BlockKey> keys = sequence.keysOf(computedText(sequence));
    for (int i = sequence.firstForeignBlock; i < keys.size(); i++) {
      MemorySegment block = pool.block(sequence.kv().block(i));
      shared.discard(sequence.caller.tenant(), keys.get(i), block);
      cache.drop(keys.get(i));
    }
  }

  /**
   * Draft tokens may have been accepted behind the end of an answer, and scored ones are no text.
   */
  private static int computedText(Sequence sequence) {
    return Math.min(sequence.kv().length(), sequence.history.length());
  }
}
