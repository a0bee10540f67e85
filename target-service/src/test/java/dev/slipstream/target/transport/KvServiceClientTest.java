package dev.slipstream.target.transport;

import static org.assertj.core.api.Assertions.assertThat;

import dev.slipstream.engine.cache.BlockKey;
import dev.slipstream.engine.cache.KvLayout;
import dev.slipstream.engine.cache.encoding.NamedEncoding;
import dev.slipstream.proto.v1.KvServiceGrpc;
import dev.slipstream.proto.v1.MatchRequest;
import dev.slipstream.proto.v1.MatchResponse;
import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientCall;
import io.grpc.ManagedChannel;
import io.grpc.MethodDescriptor;
import io.grpc.Server;
import io.grpc.inprocess.InProcessChannelBuilder;
import io.grpc.inprocess.InProcessServerBuilder;
import io.grpc.stub.StreamObserver;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A request that is never told what became of its blocks is never computed either. */
class KvServiceClientTest {
  private static final KvLayout LAYOUT = KvLayout.perLayer(1, 1, 4, NamedEncoding.DEFAULT);
  private static final KvServiceClient.Limits LIMITS =
      new KvServiceClient.Limits(
          Duration.ofSeconds(30),
          1 << 20,
          Duration.ofSeconds(1),
          1 << 20,
          1 << 20,
          Duration.ofHours(1));

  @ParameterizedTest
  @ValueSource(strings = {"Match", "Fetch"})
  void aCallThatCannotEvenBeMadeIsAnsweredWithNoBlocks(String broken) throws Exception {
    String name = InProcessServerBuilder.generateName();
    Server server = InProcessServerBuilder.forName(name).addService(new OneBlock()).build().start();
    ManagedChannel channel = InProcessChannelBuilder.forName(name).build();
    SimpleMeterRegistry meters = new SimpleMeterRegistry();
    try (var client = new KvServiceClient(new Breaking(channel, broken), LIMITS, meters)) {
      CompletableFuture<List<byte[]>> result = new CompletableFuture<>();
      client.fetch("", List.of(BlockKey.of(new byte[32])), LAYOUT, result::complete);

      assertThat(result.get(30, TimeUnit.SECONDS)).isEmpty();
      assertThat(meters.get("slipstream.kv.client.failures").counter().count()).isEqualTo(1);
    } finally {
      channel.shutdownNow();
      server.shutdownNow();
    }
  }

  /**
   * To connect takes longer than a request waits: the first one would be none the better for kv.
   */
  @Test
  void isConnectedBeforeTheFirstRequestHoweverLateTheServiceComes() throws Exception {
    String name = InProcessServerBuilder.generateName();
    ManagedChannel channel = InProcessChannelBuilder.forName(name).build();
    OneBlock service = new OneBlock();
    Server server = InProcessServerBuilder.forName(name).addService(service).build();
    try (var client = new KvServiceClient(channel, LIMITS, new SimpleMeterRegistry())) {
      client.connect();
      server.start();

      assertThat(service.first.get(30, TimeUnit.SECONDS).getKeysList()).isEmpty();
      assertThat(client.isAvailable()).isTrue();
    } finally {
      channel.shutdownNow();
      server.shutdownNow();
    }
  }

  @Test
  void aServiceThatNeverCameKeepsNoTargetFromEnding() throws Exception {
    ManagedChannel channel =
        InProcessChannelBuilder.forName(InProcessServerBuilder.generateName()).build();
    try (var client = new KvServiceClient(channel, LIMITS, new SimpleMeterRegistry())) {
      client.connect();
    }
    assertThat(channel.shutdown().awaitTermination(30, TimeUnit.SECONDS)).isTrue();
  }

  private static final class OneBlock extends KvServiceGrpc.KvServiceImplBase {
    final CompletableFuture<MatchRequest> first = new CompletableFuture<>();

    @Override
    public void match(MatchRequest request, StreamObserver<MatchResponse> responses) {
      first.complete(request);
      responses.onNext(MatchResponse.newBuilder().setMatched(1).build());
      responses.onCompleted();
    }
  }

  private static final class Breaking extends Channel {
    private final Channel channel;
    private final String method;

    Breaking(Channel channel, String method) {
      this.channel = channel;
      this.method = method;
    }

    @Override
    public <Q, R> ClientCall<Q, R> newCall(MethodDescriptor<Q, R> called, CallOptions options) {
      if (method.equals(called.getBareMethodName())) {
        throw new IllegalStateException("a bug in an interceptor");
      }
      return channel.newCall(called, options);
    }

    @Override
    public String authority() {
      return channel.authority();
    }
  }
}
