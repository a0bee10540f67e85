package dev.slipstream.kv.application;

import dev.slipstream.kv.storage.BlockId;
import dev.slipstream.kv.storage.BlockReader;
import dev.slipstream.kv.storage.BlockStore;
import dev.slipstream.kv.storage.ContentKey;
import dev.slipstream.kv.storage.StoreOutcome;
import dev.slipstream.kv.storage.StoreUsage;
import dev.slipstream.kv.storage.StoredBlock;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;
import java.util.zip.CRC32C;

/**
 * What the service does with blocks: checks requests, keeps count and leaves storage to the store.
 */
public final class SharedBlocks {
  private static final int MAX_TENANT_LENGTH = 256;

  /**
   * @param maxBlockBytes largest block that is taken
   * @param maxKeys longest chain in one request
   * @param maxFetchBytes of blocks after which one request gets no more
   */
  public record Limits(int maxBlockBytes, int maxKeys, long maxFetchBytes) {}

  private final BlockStore store;
  private final Limits limits;
  private final LongAdder queries = new LongAdder();
  private final LongAdder hits = new LongAdder();
  private final LongAdder fetched = new LongAdder();
  private final LongAdder stored = new LongAdder();
  private final LongAdder skipped = new LongAdder();
  private final LongAdder discarded = new LongAdder();

  public SharedBlocks(BlockStore store, Limits limits) {
    this.store = store;
    this.limits = limits;
  }

  /** How many leading keys are stored for this tenant. */
  public int match(String tenant, List<ContentKey> keys) {
    check(tenant, keys);
    int matched = store.match(tenant, keys);
    queries.add(keys.size());
    hits.add(matched);
    return matched;
  }

  /**
   * Checks a request for the blocks of a chain, before the first of them is looked for.
   *
   * @throws InvalidBlockRequestException if there are too many keys, or one of them twice, which no
   *     chain of digests has
   */
  public void check(String tenant, List<ContentKey> keys) {
    checkTenant(tenant);
    if (keys.size() > limits.maxKeys()) {
      throw new InvalidBlockRequestException(
          "%d keys in one request; at most %d are taken".formatted(keys.size(), limits.maxKeys()));
    }
    Map<ContentKey, Integer> seen = new HashMap<>();
    for (int i = 0; i < keys.size(); i++) {
      Integer before = seen.putIfAbsent(keys.get(i), i);
      if (before != null) {
        throw new InvalidBlockRequestException(
            "keys[%d] is keys[%d] once more; a chain has no key twice".formatted(i, before));
      }
    }
  }

  /** Copies of the blocks of a chain, up to the first that is gone or is too much for one call. */
  public BlockReader fetch(String tenant, List<ContentKey> keys) {
    BlockReader blocks = store.read(tenant, keys);
    AtomicLong left = new AtomicLong(limits.maxFetchBytes());
    return () -> {
      Optional<StoredBlock> block = left.get() > 0 ? blocks.next() : Optional.empty();
      if (block.isPresent()) {
        left.addAndGet(-block.get().data().length);
        fetched.increment();
      }
      return block;
    };
  }

  /** As {@link BlockStore#readAhead}. */
  public int readAhead() {
    return store.readAhead();
  }

  /**
   * Deletes a block if its content has this digest.
   *
   * @param sha256 32 bytes
   * @return whether there was such a block
   */
  public boolean discard(BlockId id, byte[] sha256) {
    checkTenant(id.tenant());
    MessageDigest digest = sha256();
    if (sha256.length != digest.getDigestLength()) {
      throw new InvalidBlockRequestException(
          "sha256 has %d bytes instead of %d".formatted(sha256.length, digest.getDigestLength()));
    }
    boolean removed =
        store.remove(id, content -> MessageDigest.isEqual(digest.digest(content), sha256));
    if (removed) {
      discarded.increment();
    }
    return removed;
  }

  private static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java has SHA-256", e);
    }
  }

  /**
   * Stores a block unless it is there already or the admission policy declines it.
   *
   * @param crc32c the sender's checksum of {@code data}
   * @return whether it was stored
   * @throws InvalidBlockRequestException if the block is empty, too large or does not fit its
   *     checksum
   */
  public boolean store(BlockId id, ByteBuffer data, int crc32c) {
    checkTenant(id.tenant());
    int size = data.remaining();
    if (size == 0 || size > limits.maxBlockBytes()) {
      throw new InvalidBlockRequestException(
          "a block of %d bytes; it must have 1 to %d".formatted(size, limits.maxBlockBytes()));
    }
    CRC32C crc = new CRC32C();
    crc.update(data.duplicate());
    if ((int) crc.getValue() != crc32c) {
      throw new InvalidBlockRequestException(
          "the block's CRC-32C is %08x, but the request says %08x: damaged on the way"
              .formatted((int) crc.getValue(), crc32c));
    }
    boolean taken = store.put(id, data, crc32c) == StoreOutcome.STORED;
    (taken ? stored : skipped).increment();
    return taken;
  }

  private static void checkTenant(String tenant) {
    if (tenant.length() > MAX_TENANT_LENGTH) {
      throw new InvalidBlockRequestException(
          "a tenant of %d characters; at most %d are taken"
              .formatted(tenant.length(), MAX_TENANT_LENGTH));
    }
  }

  public CacheStats stats() {
    return new CacheStats(
        queries.sum(), hits.sum(), fetched.sum(), stored.sum(), skipped.sum(), discarded.sum());
  }

  /** As {@link BlockStore#usage}. */
  public Optional<StoreUsage> usage() {
    return store.usage();
  }

  public String storage() {
    return store.name();
  }
}
