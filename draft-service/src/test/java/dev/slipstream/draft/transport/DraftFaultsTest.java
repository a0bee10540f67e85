package dev.slipstream.draft.transport;

import static org.assertj.core.api.Assertions.assertThat;

import dev.slipstream.draft.application.DraftLimits;
import dev.slipstream.draft.application.DraftMetrics;
import dev.slipstream.draft.application.DraftStreams;
import dev.slipstream.draft.application.DraftVocabulary;
import dev.slipstream.drafting.DraftBudget;
import dev.slipstream.drafting.DraftContext;
import dev.slipstream.drafting.DraftSession;
import dev.slipstream.drafting.Drafter;
import dev.slipstream.drafting.Progress;
import dev.slipstream.drafting.Resting;
import dev.slipstream.engine.speculation.DraftTree;
import dev.slipstream.proto.v1.DraftOpen;
import dev.slipstream.proto.v1.DraftRequest;
import dev.slipstream.proto.v1.DraftResponse;
import dev.slipstream.proto.v1.DraftServiceGrpc;
import io.grpc.ManagedChannel;
import io.grpc.Server;
import io.grpc.Status;
import io.grpc.inprocess.InProcessChannelBuilder;
import io.grpc.inprocess.InProcessServerBuilder;
import io.grpc.stub.StreamObserver;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A gateway that never hears of a drafter's end keeps a dead stream, and never a new one. */
class DraftFaultsTest {
  enum Where {
    OPEN,
    OBSERVE,
    PROPOSE
  }

  @ParameterizedTest
  @EnumSource
  void anErrorEndsTheStreamWithAStatusThatKeepsItsWordsToItself(Where where) throws Exception {
    SimpleMeterRegistry meters = new SimpleMeterRegistry();
    DraftStreams streams =
        new DraftStreams(
            List.of(new Broken(where)),
            "broken",
            DraftVocabulary.any(),
            new DraftLimits(2, 100, 100, 8, new Resting(2, 4)),
            Runnable::run,
            new DraftMetrics(meters));
    String name = InProcessServerBuilder.generateName();
    Server server =
        InProcessServerBuilder.forName(name)
            .addService(new DraftGrpcService(streams))
            .build()
            .start();
    ManagedChannel channel = InProcessChannelBuilder.forName(name).build();
    try {
      CompletableFuture<Status> end = new CompletableFuture<>();
      DraftServiceGrpc.newStub(channel).draft(new Ending(end)).onNext(open());

      Status status = end.get(30, TimeUnit.SECONDS);
      assertThat(status.getCode()).isEqualTo(Status.Code.INTERNAL);
      assertThat(status.getDescription())
          .matches("drafting failed; .* under error [0-9a-f]{8}")
          .doesNotContain("secret");
      assertThat(meters.get("slipstream.draft.streams").gauge().value()).isZero();
    } finally {
      channel.shutdownNow();
      server.shutdownNow();
    }
  }

  private static DraftRequest open() {
    return DraftRequest.newBuilder()
        .setOpen(DraftOpen.newBuilder().addPrompt(1).addPrompt(2).setMaxTokens(4))
        .build();
  }

  private record Ending(CompletableFuture<Status> end) implements StreamObserver<DraftResponse> {
    @Override
    public void onNext(DraftResponse response) {}

    @Override
    public void onError(Throwable cause) {
      end.complete(Status.fromThrowable(cause));
    }

    @Override
    public void onCompleted() {
      end.complete(Status.OK);
    }
  }

  private record Broken(Where where) implements Drafter {
    @Override
    public String name() {
      return "broken";
    }

    @Override
    public String description() {
      return "fails";
    }

    private void fail(Where now) {
      if (now == where) {
        throw new AssertionError("secret text of a user");
      }
    }

    @Override
    public DraftSession open(DraftContext context) {
      fail(Where.OPEN);
      return new DraftSession() {
        @Override
        public void observe(Progress progress) {
          fail(Where.OBSERVE);
        }

        @Override
        public Optional<DraftTree> propose(DraftBudget budget) {
          fail(Where.PROPOSE);
          return Optional.of(DraftTree.empty());
        }

        @Override
        public void close() {}
      };
    }
  }
}
