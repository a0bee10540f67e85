package dev.slipstream.gateway.fake;

import dev.slipstream.proto.v1.DraftCommitted;
import dev.slipstream.proto.v1.DraftNode;
import dev.slipstream.proto.v1.DraftOpen;
import dev.slipstream.proto.v1.DraftRequest;
import dev.slipstream.proto.v1.DraftResponse;
import dev.slipstream.proto.v1.DraftServiceGrpc;
import dev.slipstream.proto.v1.ListDraftersRequest;
import dev.slipstream.proto.v1.ListDraftersResponse;
import dev.slipstream.proto.v1.Proposal;
import io.grpc.Server;
import io.grpc.Status;
import io.grpc.inprocess.InProcessServerBuilder;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.UUID;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.atomic.AtomicInteger;

/** A draft service that a test plays. */
public final class FakeDraft extends DraftServiceGrpc.DraftServiceImplBase
    implements AutoCloseable {
  private final String name = "draft-" + UUID.randomUUID();
  private final BlockingQueue<Stream> streams = new LinkedBlockingQueue<>();
  private Server server;
  private volatile Status refusal;

  private final AtomicInteger listed = new AtomicInteger();

  public static FakeDraft start() {
    FakeDraft draft = new FakeDraft();
    draft.listen();
    return draft;
  }

  public void listen() {
    try {
      server = InProcessServerBuilder.forName(name).addService(this).build().start();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  public String address() {
    return "in-process:" + name;
  }

  /** Answers every stream with this status; null for none. */
  public void refuse(Status status) {
    refusal = status;
  }

  public Stream next() {
    return Waiting.poll(streams, "a stream to the draft service");
  }

  /** How often it was asked for its drafters. */
  public int listed() {
    return listed.get();
  }

  @Override
  public void listDrafters(
      ListDraftersRequest request, StreamObserver<ListDraftersResponse> responses) {
    listed.incrementAndGet();
    super.listDrafters(request, responses); // says nothing, so any drafter may be there
  }

  public boolean isIdle() {
    return streams.isEmpty();
  }

  @Override
  public StreamObserver<DraftRequest> draft(StreamObserver<DraftResponse> responses) {
    return new Stream((ServerCallStreamObserver<DraftResponse>) responses);
  }

  @Override
  public void close() {
    server.shutdownNow();
  }

  /** One stream. */
  public final class Stream implements StreamObserver<DraftRequest> {
    private final ServerCallStreamObserver<DraftResponse> responses;
    private final CompletableFuture<Void> cancelled = new CompletableFuture<>();
    private final BlockingQueue<DraftCommitted> commits = new LinkedBlockingQueue<>();
    private volatile DraftOpen open;

    Stream(ServerCallStreamObserver<DraftResponse> responses) {
      this.responses = responses;
      responses.setOnCancelHandler(() -> cancelled.complete(null));
    }

    public DraftOpen open() {
      return open;
    }

    public DraftCommitted nextCommit() {
      return Waiting.poll(commits, "committed tokens");
    }

    public void awaitCancel() {
      Waiting.get(cancelled, "the end of the draft stream");
    }

    public void propose(long epoch, int baseLength, int token) {
      propose(
          Proposal.newBuilder()
              .setEpoch(epoch)
              .setBaseLength(baseLength)
              .addNodes(DraftNode.newBuilder().setToken(token).setParent(-1)));
    }

    public void propose(Proposal.Builder proposal) {
      responses.onNext(DraftResponse.newBuilder().setProposal(proposal).build());
    }

    public void fail(Status status) {
      responses.onError(status.asRuntimeException());
    }

    @Override
    public void onNext(DraftRequest request) {
      if (request.hasOpen()) {
        open = request.getOpen();
        Status refused = refusal;
        if (refused != null) {
          fail(refused);
        }
        streams.add(this);
      } else {
        commits.add(request.getCommitted());
      }
    }

    @Override
    public void onError(Throwable cause) {}

    @Override
    public void onCompleted() {}
  }
}
