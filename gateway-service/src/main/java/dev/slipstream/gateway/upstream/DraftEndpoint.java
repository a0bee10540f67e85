package dev.slipstream.gateway.upstream;

import dev.slipstream.proto.v1.DraftOpen;
import dev.slipstream.proto.v1.DraftServiceGrpc;
import dev.slipstream.proto.v1.DrafterCard;
import dev.slipstream.proto.v1.ListDraftersRequest;
import dev.slipstream.proto.v1.ListDraftersResponse;
import io.grpc.ManagedChannel;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.time.Duration;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** One replica of a draft service. It may come and go; every request tries it anew. */
public final class DraftEndpoint {
  private static final Logger log = LoggerFactory.getLogger(DraftEndpoint.class);

  private static final Duration LIST_DEADLINE = Duration.ofMillis(500);

  private final String name;
  private final ManagedChannel channel;
  private final AtomicInteger inFlight = new AtomicInteger();
  private final AtomicBoolean mismatchLogged = new AtomicBoolean();
  private volatile boolean failing;
  private volatile Set<String> drafters = Set.of();

  DraftEndpoint(String name, ManagedChannel channel) {
    this.name = name;
    this.channel = channel;
  }

  /** As configured, or its address. */
  public String name() {
    return name;
  }

  int inFlight() {
    return inFlight.get();
  }

  /** Whether its last stream ended with an error. */
  boolean failing() {
    return failing;
  }

  /**
   * The names of its drafters, asked for again if this one is not among those that it had; empty if
   * it does not answer. Blocks.
   */
  Optional<Set<String>> drafters(String wanted) {
    if (drafters.contains(wanted)) {
      return Optional.of(drafters);
    }
    try {
      ListDraftersResponse response =
          DraftServiceGrpc.newBlockingStub(channel)
              .withDeadlineAfter(LIST_DEADLINE.toMillis(), TimeUnit.MILLISECONDS)
              .listDrafters(ListDraftersRequest.getDefaultInstance());
      drafters =
          response.getDraftersList().stream()
              .map(DrafterCard::getName)
              .collect(Collectors.toUnmodifiableSet());
      return Optional.of(drafters);
    } catch (StatusRuntimeException e) {
      log.debug("draft {}: {}", name, TargetEndpoint.describe(e.getStatus()));
      return Optional.empty();
    }
  }

  /** Opens a stream; {@link #release} must follow once. */
  public DraftCall open(DraftOpen open, DraftCall.Listener listener) {
    inFlight.incrementAndGet();
    try {
      // A service that is back is found by the next request, not after a backoff of minutes.
      channel.resetConnectBackoff();
      return DraftCall.open(DraftServiceGrpc.newStub(channel), open, listener);
    } catch (RuntimeException e) {
      release();
      throw e;
    }
  }

  /** A stream is over. */
  public void release() {
    inFlight.decrementAndGet();
  }

  /** It gets no new streams; those that it has may end. */
  void retire() {
    channel.shutdown();
  }

  /** A stream has brought a proposal. */
  public void works() {
    failing = false;
  }

  /**
   * A stream has failed.
   *
   * @param tokenizerDigest of the target
   */
  public void failed(Status status, String tokenizerDigest) {
    failing = true;
    if (status.getCode() != Status.Code.FAILED_PRECONDITION) {
      log.debug("draft {}: {}", name, TargetEndpoint.describe(status));
    } else if (mismatchLogged.compareAndSet(false, true)) {
      log.warn(
          "draft {} has another tokenizer than the target ({}); answers go on without it: {}",
          name,
          tokenizerDigest,
          status.getDescription());
    }
  }
}
