package dev.slipstream.kv.transport;

import static dev.slipstream.kv.transport.KvClient.block;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.slipstream.kv.application.SharedBlocks;
import dev.slipstream.kv.application.TransferLimits;
import dev.slipstream.kv.memory.MemoryBlockStore;
import dev.slipstream.proto.v1.KvServiceGrpc;
import dev.slipstream.proto.v1.StoreRequest;
import dev.slipstream.proto.v1.StoreResponse;
import io.grpc.ManagedChannel;
import io.grpc.ManagedChannelBuilder;
import io.grpc.Server;
import io.grpc.ServerBuilder;
import io.grpc.Status;
import io.grpc.stub.StreamObserver;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Blocks that come are on the heap before anybody has looked at them: many at once would fill it.
 */
@Timeout(60)
class TurnsTest {
  private final List<String> log = new ArrayList<>();
  private final MemoryBlockStore store = new MemoryBlockStore(64 << 20);
  private Server server;
  private ManagedChannel channel;

  @AfterEach
  void stop() {
    if (server != null) {
      channel.shutdownNow();
      server.shutdownNow();
    }
    store.close();
  }

  @Test
  void streamsHaveTheirTurnsInOrderAndOneThatLeavesKeepsNobodyWaiting() {
    Turns turns = new Turns(2, Duration.ofHours(1));
    Turns.Turn a = turn(turns, "a");
    Turns.Turn b = turn(turns, "b");
    Turns.Turn c = turn(turns, "c");
    Turns.Turn d = turn(turns, "d");
    List.of(a, b, c, d).forEach(Turns.Turn::ask);
    assertThat(log).containsExactly("a", "b");

    c.end();
    a.end();
    a.ask();
    assertThat(log).containsExactly("a", "b", "d");
    b.end();
    b.end();
    d.end();
    d.ask();
    assertThat(log).containsExactly("a", "b", "d", "a", "d");
    b.ask();
    a.end();
    assertThat(log).endsWith("d", "b");
  }

  @Test
  void aTurnThatIsNotUsedEnds() throws Exception {
    Turns turns = new Turns(1, Duration.ofMillis(10));
    CompletableFuture<Void> expired = new CompletableFuture<>();
    CompletableFuture<Void> next = new CompletableFuture<>();
    turns.turn(() -> {}, () -> expired.complete(null)).ask();
    turns.turn(() -> next.complete(null), () -> {}).ask();

    expired.get(30, TimeUnit.SECONDS);
    next.get(30, TimeUnit.SECONDS);
  }

  /** Over the network, where what is not asked for stays with its sender. */
  @Test
  void aStreamThatFallsSilentIsEndedAndTheOthersAreStored() throws Exception {
    serve(Duration.ofMillis(300));
    Call silent = new Call();
    silent.requests.onNext(request(1));
    List<Call> others = new ArrayList<>();
    for (int n = 2; n < 10; n++) {
      Call call = new Call();
      call.requests.onNext(request(n));
      call.requests.onNext(request(100 + n));
      call.requests.onCompleted();
      others.add(call);
    }

    for (Call other : others) {
      assertThat(other.answer.get(30, TimeUnit.SECONDS).getStored()).isEqualTo(2);
    }
    assertThatThrownBy(() -> silent.answer.get(30, TimeUnit.SECONDS))
        .satisfies(
            thrown -> {
              Status status = Status.fromThrowable(thrown);
              assertThat(status.getCode()).isEqualTo(Status.Code.DEADLINE_EXCEEDED);
              assertThat(status.getDescription()).contains("complete a stream");
            });
    assertThat(new KvClient(channel).match("acme", 1)).as("what had come is kept").isEqualTo(1);
  }

  private void serve(Duration patience) throws Exception {
    SharedBlocks cache =
        new SharedBlocks(store, new SharedBlocks.Limits(1 << 20, 100, Long.MAX_VALUE));
    server =
        ServerBuilder.forPort(0)
            .addService(new KvGrpcService(cache, new TransferLimits(1 << 20, 1 << 20, patience)))
            .build()
            .start();
    channel =
        ManagedChannelBuilder.forAddress("localhost", server.getPort()).usePlaintext().build();
  }

  private static StoreRequest request(int number) {
    return StoreRequest.newBuilder().setTenant("acme").setBlock(block(number, 500_000)).build();
  }

  private Turns.Turn turn(Turns turns, String name) {
    return turns.turn(() -> log.add(name), () -> log.add(name + " expired"));
  }

  private final class Call implements StreamObserver<StoreResponse> {
    final CompletableFuture<StoreResponse> answer = new CompletableFuture<>();
    final StreamObserver<StoreRequest> requests = KvServiceGrpc.newStub(channel).store(this);

    @Override
    public void onNext(StoreResponse response) {
      answer.complete(response);
    }

    @Override
    public void onError(Throwable cause) {
      answer.completeExceptionally(cause);
    }

    @Override
    public void onCompleted() {}
  }
}
