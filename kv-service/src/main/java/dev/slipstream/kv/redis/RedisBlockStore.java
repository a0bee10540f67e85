package dev.slipstream.kv.redis;

import dev.slipstream.kv.redis.RedisCommands.Pending;
import dev.slipstream.kv.redis.RedisMetrics.Command;
import dev.slipstream.kv.redis.RedisMetrics.Read;
import dev.slipstream.kv.storage.BlockId;
import dev.slipstream.kv.storage.BlockReader;
import dev.slipstream.kv.storage.BlockStore;
import dev.slipstream.kv.storage.ContentKey;
import dev.slipstream.kv.storage.StoreOutcome;
import dev.slipstream.kv.storage.StoreUsage;
import dev.slipstream.kv.storage.StoredBlock;
import io.lettuce.core.SetArgs;
import io.micrometer.core.instrument.MeterRegistry;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import java.util.Queue;
import java.util.function.Predicate;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Blocks in Redis or Valkey, alone or a cluster, shared by all replicas of this service, which then
 * keep nothing themselves.
 *
 * <p>Every key is a command of its own, and those of one request are sent without waiting for one
 * another: few round trips, and in a cluster each key goes to the node of its slot. What to drop
 * when memory is full is Redis's decision (allkeys-lfu is meant); a block that nobody asks for goes
 * after its time to live. All this is an accelerator: without Redis, blocks are missing and nothing
 * is stored.
 *
 * <p>Matches have a connection of their own, because a target waits for them with a user behind it
 * and blocks, a thousand times as long, would be before them.
 */
public final class RedisBlockStore implements BlockStore {
  private static final Logger log = LoggerFactory.getLogger(RedisBlockStore.class);

  /** Keys of the first batch of a match; every further one is twice as long. */
  private static final int FIRST_BATCH = 128;

  private static final int LARGEST_BATCH = 2048;

  /** Blocks on their way beyond the one that is waited for: hides the round trip. */
  private static final int READ_AHEAD = 3;

  private final RedisServer server;
  private final RedisLink matchLink;
  private final RedisLink blockLink;
  private final RedisCommands matches;
  private final RedisCommands blocks;
  private final RedisMetrics metrics;
  private final RedisKeys keys;
  private final long timeToLive;

  /** Connects in the background; until that has happened, there are no blocks. */
  public RedisBlockStore(RedisSettings settings, MeterRegistry registry) {
    keys = new RedisKeys(settings.keyPrefix());
    timeToLive = settings.timeToLive().toMillis();
    server = new RedisServer(settings);
    matchLink = new RedisLink(server, "matches", settings.commandTimeout());
    blockLink = new RedisLink(server, "blocks", settings.commandTimeout());
    metrics = new RedisMetrics(registry, this::isConnected);
    matches = new RedisCommands(matchLink, settings.commandTimeout(), metrics);
    blocks = new RedisCommands(blockLink, settings.commandTimeout(), metrics);
  }

  private boolean isConnected() {
    return matchLink.session().isPresent() && blockLink.session().isPresent();
  }

  @Override
  public String name() {
    return "redis";
  }

  @Override
  public int match(String tenant, List<ContentKey> chain) {
    RedisKeys.Tenant of = keys.of(tenant);
    int matched = 0;
    int batch = FIRST_BATCH;
    while (matched < chain.size()) {
      int end = Math.min(chain.size(), matched + batch);
      int leading = leading(of, chain.subList(matched, end));
      matched += leading;
      if (matched < end) {
        return matched;
      }
      batch = Math.min(2 * batch, LARGEST_BATCH);
    }
    return matched;
  }

  /**
   * Setting the time to live says whether the key is there, and counts as a use for eviction, which
   * EXISTS does not. (It does so behind a gap, too; those blocks only stay somewhat longer.)
   */
  private int leading(RedisKeys.Tenant of, List<ContentKey> batch) {
    long start = System.nanoTime();
    List<Pending<Boolean>> answers =
        batch.stream()
            .map(key -> matches.send(redis -> redis.pexpire(of.key(key), timeToLive)))
            .toList();
    int leading = 0;
    while (leading < batch.size() && matches.await(answers.get(leading), start).orElse(false)) {
      leading++;
    }
    metrics.took(Command.MATCH, System.nanoTime() - start);
    return leading;
  }

  @Override
  public Optional<StoredBlock> get(BlockId id) {
    return read(id.tenant(), List.of(id.key())).next();
  }

  @Override
  public BlockReader read(String tenant, List<ContentKey> chain) {
    return new Reader(keys.of(tenant), chain.iterator());
  }

  @Override
  public StoreOutcome put(BlockId id, ByteBuffer data, int crc32c) {
    byte[] key = keys.key(id);
    byte[] value = BlockFrame.write(key, data, crc32c);
    long start = System.nanoTime();
    Optional<Boolean> isNew =
        blocks.await(
            blocks.send(
                redis ->
                    redis
                        .set(key, value, SetArgs.Builder.nx().px(timeToLive))
                        .thenApply(answer -> answer != null)),
            start);
    metrics.took(Command.WRITE, System.nanoTime() - start);
    return isNew
        .map(written -> written ? StoreOutcome.STORED : StoreOutcome.PRESENT)
        .orElse(StoreOutcome.DECLINED);
  }

  /** Between the look and the deletion another block may come; it is then computed once more. */
  @Override
  public boolean remove(BlockId id, Predicate<byte[]> condition) {
    if (get(id).filter(block -> condition.test(block.data())).isEmpty()) {
      return false;
    }
    long start = System.nanoTime();
    Optional<Long> deleted = blocks.await(blocks.send(redis -> redis.del(keys.key(id))), start);
    metrics.took(Command.WRITE, System.nanoTime() - start);
    return deleted.orElse(0L) > 0;
  }

  @Override
  public int readAhead() {
    return READ_AHEAD + 1;
  }

  /** What there is belongs to Redis, which has figures of its own. */
  @Override
  public Optional<StoreUsage> usage() {
    return Optional.empty();
  }

  @Override
  public void close() {
    matchLink.close();
    blockLink.close();
    server.close();
  }

  private final class Reader implements BlockReader {
    private final RedisKeys.Tenant of;
    private final Iterator<ContentKey> rest;
    private final Queue<Asked> asked = new ArrayDeque<>();

    private record Asked(byte[] key, Pending<Optional<byte[]>> value) {}

    Reader(RedisKeys.Tenant of, Iterator<ContentKey> rest) {
      this.of = of;
      this.rest = rest;
    }

    @Override
    public Optional<StoredBlock> next() {
      while (rest.hasNext() && asked.size() <= READ_AHEAD) {
        byte[] key = of.key(rest.next());
        asked.add(
            new Asked(key, blocks.send(redis -> redis.get(key).thenApply(Optional::ofNullable))));
      }
      return asked.isEmpty() ? Optional.empty() : take(asked.remove());
    }

    private Optional<StoredBlock> take(Asked next) {
      long start = System.nanoTime();
      Optional<Optional<byte[]>> answer = blocks.await(next.value(), start);
      metrics.took(Command.READ, System.nanoTime() - start);
      if (answer.isEmpty()) {
        metrics.read(Read.ERROR);
        return Optional.empty();
      }
      if (answer.get().isEmpty()) {
        metrics.read(Read.MISS);
        return Optional.empty();
      }
      Optional<StoredBlock> block = BlockFrame.read(next.key(), answer.get().get());
      metrics.read(block.isPresent() ? Read.HIT : Read.DAMAGED);
      if (block.isEmpty()) {
        log.warn("a damaged block in Redis is deleted; it will be computed again");
        blocks.send(redis -> redis.del(next.key()));
      }
      return block;
    }
  }
}
