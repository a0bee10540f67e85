package dev.slipstream.gateway.upstream;

import dev.slipstream.proto.v1.DraftOpen;
import dev.slipstream.proto.v1.DraftServiceGrpc;
import dev.slipstream.proto.v1.DrafterCard;
import dev.slipstream.proto.v1.ListDraftersRequest;
import dev.slipstream.proto.v1.ListDraftersResponse;
import io.grpc.Deadline;
import io.grpc.ManagedChannel;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.time.Duration;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One replica of a draft service. It may come and go: after a failure it is only used if there is
 * no other, for a pause that grows as long as it fails.
 */
public final class DraftEndpoint implements TargetSelector.Candidate {
  private static final Logger log = LoggerFactory.getLogger(DraftEndpoint.class);

  private static final Duration LIST_DEADLINE = Duration.ofMillis(500);
  private static final Duration LIST_PAUSE = Duration.ofSeconds(1);
  private static final Duration FIRST_PAUSE = Duration.ofSeconds(1);
  private static final Duration LONGEST_PAUSE = Duration.ofSeconds(30);

  private final String name;
  private final ManagedChannel channel;
  private final AtomicInteger inFlight = new AtomicInteger();
  private final AtomicBoolean mismatchLogged = new AtomicBoolean();
  private final AtomicLong opened = new AtomicLong();
  private Duration pause = FIRST_PAUSE;
  private long failedNanos;
  private boolean failing;
  private volatile Answer answer = new Answer(Optional.of(Set.of()), 0, false);

  /**
   * What it said when it was asked for its drafters.
   *
   * @param drafters empty if it did not answer
   */
  private record Answer(Optional<Set<String>> drafters, long nanos, boolean asked) {
    boolean isFresh() {
      return asked && System.nanoTime() - nanos < LIST_PAUSE.toNanos();
    }
  }

  DraftEndpoint(String name, ManagedChannel channel) {
    this.name = name;
    this.channel = channel;
  }

  /** As configured, or its address. */
  @Override
  public String name() {
    return name;
  }

  @Override
  public int inFlight() {
    return inFlight.get();
  }

  /** Streams that were opened so far. */
  public long opened() {
    return opened.get();
  }

  /** Whether it has failed so recently that another one is better. */
  synchronized boolean isResting() {
    return failing && System.nanoTime() - failedNanos < pause.toNanos();
  }

  /**
   * The names of its drafters, asked for again if this one is not among those that it had; empty if
   * it does not answer. Blocks, but not for everybody who asks for what there is not: that would
   * keep threads from others.
   */
  Optional<Set<String>> drafters(String wanted) {
    Answer last = answer;
    boolean known = last.drafters().filter(names -> names.contains(wanted)).isPresent();
    if (!known && !last.isFresh()) {
      answer = new Answer(last.drafters(), System.nanoTime(), true);
      last = new Answer(ask(), System.nanoTime(), true);
      answer = last;
    }
    return last.drafters();
  }

  private Optional<Set<String>> ask() {
    try {
      ListDraftersResponse response =
          DraftServiceGrpc.newBlockingStub(channel)
              .withDeadlineAfter(LIST_DEADLINE.toMillis(), TimeUnit.MILLISECONDS)
              .listDrafters(ListDraftersRequest.getDefaultInstance());
      return Optional.of(
          response.getDraftersList().stream()
              .map(DrafterCard::getName)
              .collect(Collectors.toUnmodifiableSet()));
    } catch (StatusRuntimeException e) {
      log.debug("draft {}: {}", name, TargetEndpoint.describe(e.getStatus()));
      return Optional.empty();
    }
  }

  /**
   * Opens a stream; {@link #release} must follow once.
   *
   * @param deadline of the whole answer
   */
  public DraftCall open(DraftOpen open, Deadline deadline, DraftCall.Listener listener) {
    inFlight.incrementAndGet();
    opened.incrementAndGet();
    try {
      // A service that is back is found by the next request, not after a backoff of minutes.
      channel.resetConnectBackoff();
      return DraftCall.open(
          DraftServiceGrpc.newStub(channel).withDeadline(deadline), open, listener);
    } catch (RuntimeException | Error e) {
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
  public synchronized void works() {
    failing = false;
    pause = FIRST_PAUSE;
  }

  /**
   * A stream has failed.
   *
   * @param tokenizerDigest of the target
   */
  public void failed(Status status, String tokenizerDigest) {
    switch (FailureKind.of(status)) {
      case GONE, FAULT, BUSY -> rest();
      case REQUEST, OVERDUE -> {} // Says nothing about the next answer.
    }
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

  /** Failures during a pause are most likely one and the same. */
  private synchronized void rest() {
    boolean again = failing && !isResting();
    Duration doubled = pause.multipliedBy(2);
    pause = !again ? pause : doubled.compareTo(LONGEST_PAUSE) < 0 ? doubled : LONGEST_PAUSE;
    failing = true;
    failedNanos = System.nanoTime();
  }
}
