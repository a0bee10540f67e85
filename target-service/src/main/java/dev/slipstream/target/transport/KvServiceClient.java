package dev.slipstream.target.transport;

import com.google.protobuf.ByteString;
import com.google.protobuf.UnsafeByteOperations;
import dev.slipstream.engine.cache.BlockKey;
import dev.slipstream.engine.cache.KvLayout;
import dev.slipstream.proto.v1.FetchRequest;
import dev.slipstream.proto.v1.KvServiceGrpc;
import dev.slipstream.proto.v1.KvServiceGrpc.KvServiceStub;
import dev.slipstream.proto.v1.MatchRequest;
import dev.slipstream.proto.v1.MatchResponse;
import dev.slipstream.target.application.SharedPrefixes;
import io.grpc.Channel;
import io.grpc.ManagedChannel;
import io.grpc.Status;
import io.grpc.stub.StreamObserver;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import java.lang.foreign.MemorySegment;
import java.time.Duration;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Shares prefixes through a kv-service. After a failure or a late answer it is left alone for a
 * while, so that a service that is down costs nobody more than one short wait. A block of no use is
 * no failure of the service: it costs the blocks behind it.
 */
public final class KvServiceClient implements SharedPrefixes {
  private static final Logger log = LoggerFactory.getLogger(KvServiceClient.class);

  /**
   * Digits of a key that tell blocks apart in the log; the whole key would be a key to the block.
   */
  private static final int NAME_LENGTH = 12;

  private final KvServiceStub stub;
  private final Limits limits;
  private final BlockUploader uploader;
  private final Counter failures;
  private final Function<Refusal, Counter> refusals;
  private final RefusedKeys refused;
  private final AtomicLong fetching = new AtomicLong();
  private volatile long pausedUntil = System.nanoTime();
  private volatile Future<?> connecting = CompletableFuture.completedFuture(null);

  /**
   * @param patience longest wait for the first answer
   * @param fetchRate bytes a second that a fetch is given time for, besides {@code patience}
   * @param pause how long the service is left alone after a failure
   * @param storeQueue bytes of blocks that may wait to be stored
   * @param fetchMemory bytes of blocks that all fetches together may hold
   * @param refusal how long a key whose block was of no use is not asked for
   */
  public record Limits(
      Duration patience,
      long fetchRate,
      Duration pause,
      long storeQueue,
      long fetchMemory,
      Duration refusal) {
    Duration timeFor(long bytes) {
      return patience.plusMillis(Math.ceilDiv(1000 * bytes, fetchRate));
    }
  }

  /**
   * @param channel to the kv-service; stays open
   */
  public KvServiceClient(Channel channel, Limits limits, MeterRegistry registry) {
    this.stub = KvServiceGrpc.newStub(channel);
    this.limits = limits;
    this.failures =
        Counter.builder("slipstream.kv.client.failures")
            .description("Calls to kv-service that failed or came too late")
            .register(registry);
    this.refused = new RefusedKeys(limits.refusal());
    Map<Refusal, Counter> counters = new EnumMap<>(Refusal.class);
    for (Refusal why : Refusal.values()) {
      counters.put(
          why,
          Counter.builder("slipstream.kv.client.blocks.refused")
              .description(
                  "Blocks of kv-service that were of no use and are computed: damaged, not what was"
                      + " stored; malformed, no block of the model; failed, a pass with it went"
                      + " wrong. The last two are deleted there")
              .tag("reason", why.name().toLowerCase(Locale.ROOT))
              .register(registry));
    }
    this.refusals = counters::get;
    this.uploader = new BlockUploader(stub, limits.storeQueue(), this::failed, registry);
  }

  /** Connects, at once or when there is a service. */
  @Override
  public void connect() {
    connecting =
        KvServiceGrpc.newFutureStub(stub.getChannel())
            .withWaitForReady()
            .match(MatchRequest.getDefaultInstance());
  }

  @Override
  public boolean isAvailable() {
    return System.nanoTime() - pausedUntil >= 0;
  }

  @Override
  public void fetch(
      String tenant, List<BlockKey> keys, KvLayout layout, Consumer<List<byte[]>> result) {
    List<BlockKey> wanted = keys.subList(0, refused.leading(keys));
    if (wanted.isEmpty()) {
      result.accept(List.of());
      return;
    }
    try {
      match(tenant, wanted, layout, result);
    } catch (RuntimeException | Error e) {
      failed(e);
      result.accept(List.of());
    }
  }

  private void match(
      String tenant, List<BlockKey> wanted, KvLayout layout, Consumer<List<byte[]>> result) {
    stub.withDeadlineAfter(limits.patience().toNanos(), TimeUnit.NANOSECONDS)
        .match(
            MatchRequest.newBuilder().setTenant(tenant).addAllKeys(bytes(wanted)).build(),
            new StreamObserver<>() {
              private int matched;

              @Override
              public void onNext(MatchResponse response) {
                matched = Math.clamp(response.getMatched(), 0, wanted.size());
              }

              @Override
              public void onError(Throwable cause) {
                failed(cause);
                result.accept(List.of());
              }

              @Override
              public void onCompleted() {
                try {
                  download(tenant, wanted.subList(0, matched), layout, result);
                } catch (RuntimeException | Error e) {
                  // gRPC would only log it, and the sequence would wait for ever.
                  onError(e);
                }
              }
            });
  }

  private void download(
      String tenant, List<BlockKey> matched, KvLayout layout, Consumer<List<byte[]>> result) {
    int count = reserve(matched.size(), layout.blockBytes());
    if (count == 0) {
      result.accept(List.of());
      return;
    }
    List<BlockKey> keys = matched.subList(0, count);
    long bytes = (long) count * layout.blockBytes();
    try {
      stub.withDeadlineAfter(limits.timeFor(bytes).toNanos(), TimeUnit.NANOSECONDS)
          .fetch(
              FetchRequest.newBuilder().setTenant(tenant).addAllKeys(bytes(keys)).build(),
              new BlockDownload(keys, layout, new Fetched(tenant, bytes, result)));
    } catch (RuntimeException | Error e) {
      fetching.addAndGet(-bytes);
      throw e;
    }
  }

  /** Takes memory for as many blocks as there is some for; the others are computed. */
  private int reserve(int blocks, int blockBytes) {
    long before = fetching.getAndAdd((long) blocks * blockBytes);
    long room = Math.max(0, limits.fetchMemory() - before) / blockBytes;
    int count = (int) Math.min(blocks, room);
    fetching.addAndGet((long) (count - blocks) * blockBytes);
    return count;
  }

  private final class Fetched implements BlockDownload.Listener {
    private final String tenant;
    private final long bytes;
    private final Consumer<List<byte[]>> result;

    Fetched(String tenant, long bytes, Consumer<List<byte[]>> result) {
      this.tenant = tenant;
      this.bytes = bytes;
      this.result = result;
    }

    @Override
    public void refused(BlockKey key, byte[] block, Refusal why, String fault) {
      switch (why) {
        case DAMAGED -> {
          refusals.apply(why).increment();
          KvServiceClient.this.failed(new IllegalStateException("a block is damaged: " + fault));
        }
        case MALFORMED, FAILED -> refuse(tenant, key, MemorySegment.ofArray(block), why, fault);
      }
    }

    @Override
    public void failed(Throwable cause) {
      KvServiceClient.this.failed(cause);
    }

    @Override
    public void result(List<byte[]> blocks) {
      fetching.addAndGet(-bytes);
      result.accept(blocks);
    }
  }

  private void refuse(String tenant, BlockKey key, MemorySegment block, Refusal why, String fault) {
    refusals.apply(why).increment();
    refused.add(key);
    String name = key.toString().substring(0, NAME_LENGTH);
    log.warn("block {} of kv-service is of no use, and is computed: {}", name, fault);
    uploader.discard(tenant, bytes(key), block);
  }

  @Override
  public void store(String tenant, BlockKey key, MemorySegment block) {
    if (isAvailable()) {
      uploader.store(tenant, bytes(key), block);
    }
  }

  @Override
  public void discard(String tenant, BlockKey key, MemorySegment block) {
    refuse(tenant, key, block, Refusal.FAILED, "a pass with it went wrong");
  }

  @Override
  public void close() {
    connecting.cancel(true);
    uploader.close();
  }

  private void failed(Throwable cause) {
    failures.increment();
    if (Status.fromThrowable(cause).getCode() == Status.Code.RESOURCE_EXHAUSTED) {
      // It is busy, not down.
      return;
    }
    boolean first = isAvailable();
    pausedUntil = System.nanoTime() + limits.pause().toNanos();
    if (first) {
      log.warn(
          "kv-service failed, computing prefixes for the next {} s: {}",
          limits.pause().toSeconds(),
          cause.getMessage());
      if (stub.getChannel() instanceof ManagedChannel channel) {
        // It would try to connect ever more seldom; pauses see to it that this is not too often.
        channel.resetConnectBackoff();
      }
    }
  }

  private static List<ByteString> bytes(List<BlockKey> keys) {
    return keys.stream().map(KvServiceClient::bytes).toList();
  }

  static ByteString bytes(BlockKey key) {
    return UnsafeByteOperations.unsafeWrap(key.bytes());
  }
}
