package dev.slipstream.draft.transport;

import static org.assertj.core.api.Assertions.assertThat;

import dev.slipstream.proto.v1.DraftResponse;
import dev.slipstream.proto.v1.Proposal;
import io.grpc.Status;
import io.grpc.stub.StreamObserver;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/** What the client of a draft stream gets. */
class DraftResponses implements StreamObserver<DraftResponse> {
  final BlockingQueue<Proposal> proposals = new LinkedBlockingQueue<>();
  final CompletableFuture<Status> end = new CompletableFuture<>();

  Proposal next() throws InterruptedException {
    Proposal proposal = proposals.poll(30, TimeUnit.SECONDS);
    assertThat(proposal).as("a proposal").isNotNull();
    return proposal;
  }

  @Override
  public void onNext(DraftResponse response) {
    proposals.add(response.getProposal());
  }

  @Override
  public void onError(Throwable cause) {
    end.complete(Status.fromThrowable(cause));
  }

  @Override
  public void onCompleted() {
    end.complete(Status.OK);
  }
}
