package dev.slipstream.gateway.upstream;

import dev.slipstream.proto.v1.DecodeStart;
import dev.slipstream.proto.v1.TargetServiceGrpc;
import io.grpc.ConnectivityState;
import io.grpc.ManagedChannel;
import io.grpc.Status;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One replica of a target. Asks what it serves until it answers, and again whenever the connection
 * or a stream was lost.
 */
public final class TargetEndpoint {
  private static final Logger log = LoggerFactory.getLogger(TargetEndpoint.class);
  private static final Duration FIRST_BACKOFF = Duration.ofMillis(100);
  private static final Duration LONGEST_BACKOFF = Duration.ofMillis(500);

  /**
   * A target that starts together with the gateway is given this long before it is worth a word.
   */
  private static final Duration START_LIMIT = Duration.ofSeconds(30);

  private final String name;
  private final ManagedChannel channel;
  private final ScheduledExecutorService prober;
  private final AtomicInteger inFlight = new AtomicInteger();
  private final long created = System.nanoTime();
  private volatile ServedModel model;
  private volatile boolean reachable;
  private volatile String problem = "not asked yet";
  private String reported;
  private boolean probing;
  private boolean retired;

  TargetEndpoint(String name, ManagedChannel channel, ScheduledExecutorService prober) {
    this.name = name;
    this.channel = channel;
    this.prober = prober;
  }

  /** As configured, or its address. */
  public String name() {
    return name;
  }

  /** What the target serves, if it can be reached. */
  public Optional<ServedModel> model() {
    return reachable ? Optional.of(model) : Optional.empty();
  }

  /** Why it cannot be reached. */
  public String problem() {
    return problem;
  }

  /** Streams that this gateway has open. */
  public int inFlight() {
    return inFlight.get();
  }

  /** Opens a stream; {@link #release} must follow once. */
  public DecodeCall decode(DecodeStart start, DecodeCall.Listener listener) {
    inFlight.incrementAndGet();
    try {
      return DecodeCall.open(TargetServiceGrpc.newStub(channel), start, listener);
    } catch (RuntimeException e) {
      release();
      throw e;
    }
  }

  /** A stream is over. */
  public void release() {
    inFlight.decrementAndGet();
  }

  /** A stream failed in a way that says nothing good about the target: it gets no more for now. */
  public void suspect(Status status) {
    lost(describe(status));
    probe();
  }

  /** It gets no new streams; those that it has may end. */
  synchronized void retire() {
    retired = true;
    channel.shutdown();
  }

  /** Asks in the background what the target serves, until it answers. */
  synchronized void probe() {
    if (!probing && !retired && !prober.isShutdown()) {
      probing = true;
      prober.execute(() -> ask(FIRST_BACKOFF));
    }
  }

  private void ask(Duration backoff) {
    try {
      // Or the channel, after its own failures, would not even try for up to two minutes.
      channel.resetConnectBackoff();
      ServedModel loaded = ModelLoader.load(TargetServiceGrpc.newBlockingStub(channel), model);
      boolean news = !reachable || !loaded.sameAs(model);
      found(loaded);
      if (news) {
        log.info(
            "target {} serves {} (context {}, tokenizer {}{})",
            name,
            loaded.id(),
            loaded.contextLength(),
            loaded.tokenizer().digest(),
            loaded.template().isPresent() ? "" : ", no chat template");
      }
      channel.notifyWhenStateChanged(ConnectivityState.READY, this::probe);
    } catch (RuntimeException e) {
      lost(e instanceof io.grpc.StatusRuntimeException s ? describe(s.getStatus()) : e.toString());
      askAgain(backoff);
    }
  }

  private void askAgain(Duration backoff) {
    Duration next = backoff.multipliedBy(2);
    Runnable again = () -> ask(next.compareTo(LONGEST_BACKOFF) < 0 ? next : LONGEST_BACKOFF);
    synchronized (this) {
      if (!retired && !prober.isShutdown()) {
        prober.schedule(again, backoff.toMillis(), TimeUnit.MILLISECONDS);
      }
    }
  }

  /** In one step: a stream that fails from now on starts a new probe. */
  private synchronized void found(ServedModel loaded) {
    model = loaded;
    reachable = true;
    probing = false;
  }

  private synchronized void lost(String why) {
    boolean starting = model == null && System.nanoTime() - created < START_LIMIT.toNanos();
    if (!starting && !retired && (reachable || !why.equals(reported))) {
      log.warn("target {} is not ready: {}", name, why);
      reported = why;
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
