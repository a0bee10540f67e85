package dev.slipstream.target.transport;

import com.google.protobuf.ByteString;
import com.google.protobuf.UnsafeByteOperations;
import dev.slipstream.engine.cache.BlockKey;
import dev.slipstream.proto.v1.FetchRequest;
import dev.slipstream.proto.v1.KvBlock;
import dev.slipstream.proto.v1.KvServiceGrpc;
import dev.slipstream.proto.v1.KvServiceGrpc.KvServiceStub;
import dev.slipstream.proto.v1.MatchRequest;
import dev.slipstream.proto.v1.MatchResponse;
import dev.slipstream.target.application.SharedPrefixes;
import io.grpc.Channel;
import io.grpc.stub.StreamObserver;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import java.lang.foreign.MemorySegment;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Shares prefixes through a kv-service. After a failure or a late answer it is left alone for a
 * while, so that a service that is down costs nobody more than one short wait.
 */
public final class KvServiceClient implements SharedPrefixes {
  private static final Logger log = LoggerFactory.getLogger(KvServiceClient.class);

  private final KvServiceStub stub;
  private final Limits limits;
  private final BlockUploader uploader;
  private final Counter failures;
  private volatile long pausedUntil = System.nanoTime();

  /**
   * @param patience longest wait for the first answer
   * @param fetchRate bytes a second that a fetch is given time for, besides {@code patience}
   * @param pause how long the service is left alone after a failure
   * @param storeQueue bytes of blocks that may wait to be stored
   */
  public record Limits(Duration patience, long fetchRate, Duration pause, long storeQueue) {
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
    this.uploader = new BlockUploader(stub, limits.storeQueue(), this::failed, registry);
  }

  @Override
  public boolean isAvailable() {
    return System.nanoTime() - pausedUntil >= 0;
  }

  @Override
  public void fetch(
      String tenant, List<BlockKey> keys, int blockBytes, Consumer<List<byte[]>> result) {
    try {
      match(tenant, keys.stream().map(KvServiceClient::bytes).toList(), blockBytes, result);
    } catch (RuntimeException | Error e) {
      failed(e);
      result.accept(List.of());
    }
  }

  private void match(
      String tenant, List<ByteString> wanted, int blockBytes, Consumer<List<byte[]>> result) {
    stub.withDeadlineAfter(limits.patience().toNanos(), TimeUnit.NANOSECONDS)
        .match(
            MatchRequest.newBuilder().setTenant(tenant).addAllKeys(wanted).build(),
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
                if (matched == 0) {
                  result.accept(List.of());
                  return;
                }
                try {
                  download(tenant, wanted.subList(0, matched), blockBytes, result);
                } catch (RuntimeException | Error e) {
                  // gRPC would only log it, and the sequence would wait for ever.
                  onError(e);
                }
              }
            });
  }

  private void download(
      String tenant, List<ByteString> keys, int blockBytes, Consumer<List<byte[]>> result) {
    Duration time = limits.timeFor((long) keys.size() * blockBytes);
    stub.withDeadlineAfter(time.toNanos(), TimeUnit.NANOSECONDS)
        .fetch(
            FetchRequest.newBuilder().setTenant(tenant).addAllKeys(keys).build(),
            new BlockDownload(keys, blockBytes, this::failed, result));
  }

  @Override
  public void store(String tenant, BlockKey key, MemorySegment block) {
    if (isAvailable()) {
      uploader.offer(tenant, bytes(key), block);
    }
  }

  @Override
  public void close() {
    uploader.close();
  }

  private void failed(Throwable cause) {
    boolean first = isAvailable();
    pausedUntil = System.nanoTime() + limits.pause().toNanos();
    failures.increment();
    if (first) {
      log.warn(
          "kv-service failed, computing prefixes for the next {} s: {}",
          limits.pause().toSeconds(),
          cause.getMessage());
    }
  }

  private static ByteString bytes(BlockKey key) {
    return UnsafeByteOperations.unsafeWrap(key.bytes());
  }

  /** Whether a block is what was asked for. */
  static boolean isIntact(KvBlock block, ByteString key, int blockBytes) {
    return block.getKey().equals(key)
        && block.getData().size() == blockBytes
        && BlockUploader.checksum(block.getData()) == block.getCrc32C();
  }
}
