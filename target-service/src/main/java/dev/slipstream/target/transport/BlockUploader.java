package dev.slipstream.target.transport;

import com.google.protobuf.ByteString;
import com.google.protobuf.UnsafeByteOperations;
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
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import java.util.zip.CRC32C;

/**
 * Stores blocks in the background, one short stream after another. What does not fit into the queue
 * is dropped: a block that is not stored is computed again, a decode loop that waits is lost time.
 */
final class BlockUploader implements AutoCloseable {
  /** A stream takes no more than this, so that what gRPC queues stays small. */
  private static final int STREAM_BYTES = 8 << 20;

  private static final int STREAM_SECONDS = 30;

  private final KvServiceStub stub;
  private final long capacity;
  private final Consumer<Throwable> failure;
  private final Counter dropped;
  private final AtomicLong queuedBytes = new AtomicLong();
  private final LinkedBlockingQueue<Block> queue = new LinkedBlockingQueue<>();
  private final Thread thread;

  private record Block(String tenant, ByteString key, byte[] data) {}

  BlockUploader(
      KvServiceStub stub, long capacity, Consumer<Throwable> failure, MeterRegistry registry) {
    this.stub = stub;
    this.capacity = capacity;
    this.failure = failure;
    this.dropped =
        Counter.builder("slipstream.kv.client.blocks.dropped")
            .description("Blocks that were not stored, because the queue was full or a call failed")
            .register(registry);
    this.thread = Thread.ofVirtual().name("kv-uploader").start(this::run);
  }

  /** Copies and queues a block, or drops it. For one thread. */
  void offer(String tenant, ByteString key, MemorySegment block) {
    if (queuedBytes.get() + block.byteSize() > capacity) {
      dropped.increment();
      return;
    }
    queuedBytes.addAndGet(block.byteSize());
    queue.add(new Block(tenant, key, block.toArray(ValueLayout.JAVA_BYTE)));
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
        upload(queue.take());
      }
    } catch (InterruptedException e) {
      // Closed; what is queued is lost, as it would be a moment later.
    }
  }

  private void upload(Block first) throws InterruptedException {
    CompletableFuture<StoreResponse> answer = new CompletableFuture<>();
    int blocks = 0;
    try {
      StreamObserver<StoreRequest> stream =
          stub.withDeadlineAfter(STREAM_SECONDS, TimeUnit.SECONDS).store(new Answer(answer));
      int bytes = 0;
      for (Block block = first; block != null; block = bytes < STREAM_BYTES ? queue.poll() : null) {
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

  private static StoreRequest request(Block block) {
    ByteString data = UnsafeByteOperations.unsafeWrap(block.data());
    return StoreRequest.newBuilder()
        .setTenant(block.tenant())
        .setBlock(KvBlock.newBuilder().setKey(block.key()).setData(data).setCrc32C(checksum(data)))
        .build();
  }

  private record Answer(CompletableFuture<StoreResponse> future)
      implements StreamObserver<StoreResponse> {
    @Override
    public void onNext(StoreResponse response) {
      future.complete(response);
    }

    @Override
    public void onError(Throwable cause) {
      future.completeExceptionally(cause);
    }

    @Override
    public void onCompleted() {
      future.complete(StoreResponse.getDefaultInstance());
    }
  }
}
