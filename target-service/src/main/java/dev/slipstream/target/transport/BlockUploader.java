package dev.slipstream.target.transport;

import com.google.protobuf.ByteString;
import com.google.protobuf.UnsafeByteOperations;
import dev.slipstream.proto.v1.DiscardRequest;
import dev.slipstream.proto.v1.DiscardResponse;
import dev.slipstream.proto.v1.KvBlock;
import dev.slipstream.proto.v1.KvServiceGrpc.KvServiceStub;
import dev.slipstream.proto.v1.StoreRequest;
import dev.slipstream.proto.v1.StoreResponse;
import io.grpc.stub.StreamObserver;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Stores blocks in the background, one short stream after another, and has others deleted, in the
 * order in which it hears of them. What does not fit into the queue is dropped: a block that is not
 * stored is computed again, a decode loop that waits is lost time.
 */
final class BlockUploader implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(BlockUploader.class);

  /** A stream takes no more than this, so that what gRPC queues stays small. */
  private static final int STREAM_BYTES = 8 << 20;

  private static final int STREAM_SECONDS = 30;

  private final KvServiceStub stub;
  private final long capacity;
  private final Consumer<Throwable> failure;
  private final Counter dropped;
  private final AtomicLong queuedBytes = new AtomicLong();
  private final LinkedBlockingQueue<Job> queue = new LinkedBlockingQueue<>();
  private final Thread thread;

  private enum Kind {
    STORE,
    DISCARD
  }

  private record Job(Kind kind, String tenant, ByteString key, byte[] data) {}

  BlockUploader(
      KvServiceStub stub, long capacity, Consumer<Throwable> failure, MeterRegistry registry) {
    this.stub = stub;
    this.capacity = capacity;
    this.failure = failure;
    this.dropped =
        Counter.builder("slipstream.kv.client.blocks.dropped")
            .description(
                "Blocks that were not stored or deleted, because the queue was full or a call failed")
            .register(registry);
    this.thread = Thread.ofVirtual().name("kv-uploader").start(this::run);
  }

  /** Copies and queues a block to be stored, or drops it. */
  void store(String tenant, ByteString key, MemorySegment block) {
    offer(Kind.STORE, tenant, key, block);
  }

  /** Copies and queues a block to be deleted, or leaves it where it is. */
  void discard(String tenant, ByteString key, MemorySegment block) {
    offer(Kind.DISCARD, tenant, key, block);
  }

  private void offer(Kind kind, String tenant, ByteString key, MemorySegment block) {
    if (queuedBytes.addAndGet(block.byteSize()) > capacity) {
      queuedBytes.addAndGet(-block.byteSize());
      dropped.increment();
      return;
    }
    queue.add(new Job(kind, tenant, key, block.toArray(ValueLayout.JAVA_BYTE)));
  }

  @Override
  public void close() {
    thread.interrupt();
  }

  static int checksum(ByteString data) {
    CRC32C crc = new CRC32C();
    for (ByteBuffer part : data.asReadOnlyByteBufferList()) {
      crc.update(part);
    }
    return (int) crc.getValue();
  }

  private void run() {
    try {
      while (true) {
        Job job = queue.take();
        switch (job.kind()) {
          case STORE -> upload(job);
          case DISCARD -> delete(job);
        }
      }
    } catch (InterruptedException e) {
      // Closed; what is queued is lost, as it would be a moment later.
    }
  }

  /** It would only be refused again if it stayed, so that a failure is worth no pause. */
  private void delete(Job job) throws InterruptedException {
    queuedBytes.addAndGet(-job.data().length);
    CompletableFuture<DiscardResponse> answer = new CompletableFuture<>();
    try {
      stub.withDeadlineAfter(STREAM_SECONDS, TimeUnit.SECONDS)
          .discard(
              DiscardRequest.newBuilder()
                  .setTenant(job.tenant())
                  .setKey(job.key())
                  .setSha256(sha256(job.data()))
                  .build(),
              new Answer<>(answer));
      answer.get();
    } catch (ExecutionException | RuntimeException | Error e) {
      dropped.increment();
      log.warn("a block that is of no use stays at kv-service: {}", e.getMessage());
    }
  }

  private void upload(Job first) throws InterruptedException {
    CompletableFuture<StoreResponse> answer = new CompletableFuture<>();
    int blocks = 0;
    try {
      StreamObserver<StoreRequest> stream =
          stub.withDeadlineAfter(STREAM_SECONDS, TimeUnit.SECONDS).store(new Answer<>(answer));
      int bytes = 0;
      for (Job block = first; block != null; block = bytes < STREAM_BYTES ? nextToStore() : null) {
        queuedBytes.addAndGet(-block.data().length);
        bytes += block.data().length;
        blocks++;
        stream.onNext(request(block));
      }
      stream.onCompleted();
      answer.get();
    } catch (ExecutionException e) {
      dropped.increment(blocks);
      failure.accept(e.getCause());
    } catch (RuntimeException | Error e) {
      // An error too: this thread is the only one that stores.
      dropped.increment(blocks);
      failure.accept(e);
    }
  }

  private @Nullable Job nextToStore() {
    Job next = queue.peek();
    return next != null && next.kind() == Kind.STORE ? queue.poll() : null;
  }

  private static StoreRequest request(Job block) {
    ByteString data = UnsafeByteOperations.unsafeWrap(block.data());
    return StoreRequest.newBuilder()
        .setTenant(block.tenant())
        .setBlock(KvBlock.newBuilder().setKey(block.key()).setData(data).setCrc32C(checksum(data)))
        .build();
  }

  private static ByteString sha256(byte[] data) {
    try {
      return UnsafeByteOperations.unsafeWrap(MessageDigest.getInstance("SHA-256").digest(data));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform has SHA-256", e);
    }
  }

  private record Answer<T>(CompletableFuture<T> future) implements StreamObserver<T> {
    @Override
    public void onNext(T response) {
      future.complete(response);
    }

    @Override
    public void onError(Throwable cause) {
      future.completeExceptionally(cause);
    }

    @Override
    public void onCompleted() {
      future.complete(null);
    }
  }
}
