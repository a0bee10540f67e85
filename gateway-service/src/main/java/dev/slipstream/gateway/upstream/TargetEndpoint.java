package dev.slipstream.gateway.upstream;

import dev.slipstream.proto.v1.DecodeStart;
import dev.slipstream.proto.v1.TargetServiceGrpc;
import io.grpc.ConnectivityState;
import io.grpc.Deadline;
import io.grpc.ManagedChannel;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.time.Clock;
import java.time.Duration;
import java.util.HashSet;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One replica of a target. Asks it again and again what it serves: at every heartbeat, at once when
 * the connection or a stream was lost, and more often until it answers.
 */
public final class TargetEndpoint implements TargetSelector.Candidate {
  private static final Logger log = LoggerFactory.getLogger(TargetEndpoint.class);
  private static final Duration FIRST_BACKOFF = Duration.ofMillis(100);
  private static final Duration LONGEST_BACKOFF = Duration.ofMillis(500);
  private static final int MOST_REPORTS = 8;

  /**
   * A target that starts together with the gateway is given this long before it is worth a word.
   */
  private static final Duration START_LIMIT = Duration.ofSeconds(30);

  private final String name;
  private final ManagedChannel channel;
  private final ScheduledExecutorService clock;
  private final Heartbeat heartbeat;
  private final TargetBreaker breaker;
  private final Set<TargetStream> streams = ConcurrentHashMap.newKeySet();
  private final AtomicLong opened = new AtomicLong();
  private final AtomicBoolean watched = new AtomicBoolean();
  private final long created = System.nanoTime();
  private volatile @Nullable UpstreamModel model;
  private volatile boolean reachable;
  private volatile String problem = "not asked yet";

  /** What was said about the target since it could be used. */
  private final Set<String> reported = new HashSet<>();

  private Duration backoff = FIRST_BACKOFF;
  private @Nullable Future<?> next;
  private boolean asking;
  private boolean askAgain;
  private boolean retired;

  /**
   * @param clock says when to ask; the asking itself is done on threads of its own
   */
  TargetEndpoint(
      String name, ManagedChannel channel, ScheduledExecutorService clock, Heartbeat heartbeat) {
    this.name = name;
    this.channel = channel;
    this.clock = clock;
    this.heartbeat = heartbeat;
    this.breaker = new TargetBreaker(name, Clock.systemUTC());
  }

  /** As configured, or its address. */
  @Override
  public String name() {
    return name;
  }

  /** What the target serves, if it can be reached. */
  public Optional<UpstreamModel> model() {
    return reachable ? Optional.ofNullable(model) : Optional.empty();
  }

  /** Why it cannot be reached. */
  public String problem() {
    return problem;
  }

  /** Streams that this gateway has open. */
  @Override
  public int inFlight() {
    return streams.size();
  }

  /** Streams that were opened so far. */
  public long opened() {
    return opened.get();
  }

  public BreakerState breaker() {
    return breaker.state();
  }

  /** Whether a stream may be opened; a yes must be followed by {@link #decode}. */
  boolean permits() {
    return breaker.permits();
  }

  /**
   * Opens a stream.
   *
   * @param start makes the first message; if it fails, the stream has no place here
   * @param deadline of the whole answer
   */
  public TargetStream decode(
      Supplier<DecodeStart> start, Deadline deadline, TargetStream.Listener listener) {
    var stub = TargetServiceGrpc.newStub(channel).withDeadline(deadline);
    return new TargetStream(this, stub, start, listener);
  }

  void entered(TargetStream stream) {
    streams.add(stream);
    opened.incrementAndGet();
  }

  void left(TargetStream stream) {
    streams.remove(stream);
    closeIfUnused();
  }

  /**
   * It gets no new streams. Those that it has may end, and move elsewhere if it falls silent: it is
   * asked what it serves until they are over.
   */
  synchronized void retire() {
    retired = true;
    closeIfUnused();
  }

  private synchronized void closeIfUnused() {
    if (retired && streams.isEmpty()) {
      channel.shutdown();
    }
  }

  void worked() {
    breaker.succeeded();
  }

  void unproven() {
    breaker.unproven();
  }

  /**
   * A stream failed in a way that says nothing good about the target, unless it was the request.
   *
   * @return empty if it is known already that the target is not there: one failure for all streams
   *     of a lost connection is enough
   */
  synchronized Optional<Accusation> failed(StatusRuntimeException failure) {
    Optional<Accusation> accusation =
        reachable ? Optional.of(new Accusation(this, failure)) : Optional.empty();
    if (FailureKind.of(failure.getStatus()) == FailureKind.GONE) {
      lost(describe(failure.getStatus()));
      probe();
    }
    return accusation;
  }

  void blamed(StatusRuntimeException failure) {
    breaker.failed(failure);
  }

  /** Asks in the background what the target serves; at once if that is not being done already. */
  synchronized void probe() {
    if (asking) {
      askAgain = true;
    } else if (!clock.isShutdown() && !channel.isShutdown()) {
      asking = true;
      if (next != null) {
        next.cancel(false);
      }
      Thread.ofVirtual().name("target-probe").start(this::ask);
    }
  }

  private void ask() {
    try {
      if (!reachable) {
        // Or the channel, after its own failures, would not even try for up to two minutes.
        channel.resetConnectBackoff();
      }
      UpstreamModel loaded =
          ModelFetcher.load(TargetServiceGrpc.newBlockingStub(channel), model, heartbeat.limit());
      found(loaded);
      watch();
      askIn(heartbeat.interval());
    } catch (RuntimeException | Error e) {
      // An error too, or the target would never be asked again.
      notFound(e);
      askIn(longerBackoff());
    }
  }

  private void notFound(Throwable cause) {
    if (!(cause instanceof StatusRuntimeException failure)) {
      lost(cause.toString());
    } else if (failure.getStatus().getCode() == Status.Code.DEADLINE_EXCEEDED) {
      lost("no answer within " + heartbeat.limit().toMillis() + " ms");
      // The connection may be dead without anybody having said so: the next question gets a new
      // one, and streams keep theirs as long as they want to.
      channel.enterIdle();
      streams.forEach(TargetStream::silent);
    } else {
      lost(describe(failure.getStatus()));
    }
  }

  private synchronized Duration longerBackoff() {
    Duration now = backoff;
    Duration doubled = backoff.multipliedBy(2);
    backoff = doubled.compareTo(LONGEST_BACKOFF) < 0 ? doubled : LONGEST_BACKOFF;
    return now;
  }

  private synchronized void askIn(Duration wait) {
    asking = false;
    if (askAgain) {
      askAgain = false;
      probe();
    } else {
      next = clock.schedule(this::probe, wait.toMillis(), TimeUnit.MILLISECONDS);
    }
  }

  /** Hears at once, and once, that the connection is lost. */
  private void watch() {
    if (channel.getState(false) == ConnectivityState.READY && watched.compareAndSet(false, true)) {
      channel.notifyWhenStateChanged(
          ConnectivityState.READY,
          () -> {
            watched.set(false);
            probe();
          });
    }
  }

  private synchronized void found(UpstreamModel loaded) {
    if (askAgain) {
      // A stream has failed since the question was sent.
      return;
    }
    boolean news = !reachable || model == null || !loaded.sameAs(model);
    model = loaded;
    reachable = true;
    backoff = FIRST_BACKOFF;
    if (news) {
      log.info(
          "target {} serves {} (context {}, tokenizer {}{})",
          name,
          loaded.id(),
          loaded.contextLength(),
          loaded.tokenizer().digest(),
          loaded.chatFormat() instanceof ChatFormat.None ? ", no chat template" : "");
      if (loaded.chatFormat() instanceof ChatFormat.Unusable(String reason)) {
        log.warn(
            "target {} serves no chat with {}, only completions: {}", name, loaded.id(), reason);
      }
    }
  }

  private synchronized void lost(String why) {
    boolean starting = model == null && System.nanoTime() - created < START_LIMIT.toNanos();
    if (reachable) {
      reported.clear();
    }
    // The channels of a gateway that stops, and of replicas that left, are closed on purpose.
    boolean news = reported.size() < MOST_REPORTS && !reported.contains(why);
    if (!starting && news && !channel.isShutdown()) {
      reported.add(why);
      log.warn("target {} is not ready: {}", name, why);
    }
    problem = why;
    reachable = false;
  }

  static String describe(Status status) {
    return status.getDescription() == null
        ? status.getCode().toString()
        : status.getCode() + ": " + status.getDescription();
  }
}
