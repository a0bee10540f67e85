package dev.slipstream.gateway.http;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.context.ApplicationListener;
import org.springframework.context.SmartLifecycle;
import org.springframework.context.event.ContextClosedEvent;
import org.springframework.core.Ordered;
import org.springframework.core.annotation.Order;
import org.springframework.http.HttpHeaders;
import org.springframework.stereotype.Component;
import org.springframework.web.server.ServerWebExchange;
import org.springframework.web.server.WebFilter;
import org.springframework.web.server.WebFilterChain;
import reactor.core.publisher.Mono;

/**
 * Sends clients elsewhere before the server closes. Once it is told to stop, every answer says that
 * its connection ends with it. But one that had begun before could not say so: its client asks the
 * next question on the same connection, and would lose it if the server closed that right behind
 * the answer. So the server goes on until it was quiet for a moment, as long as it has time.
 */
@Component
@Order(Ordered.HIGHEST_PRECEDENCE)
class ConnectionDrain
    implements WebFilter, ApplicationListener<ContextClosedEvent>, SmartLifecycle {
  private static final Duration QUIET = Duration.ofSeconds(1);
  private static final Duration LOOK_AGAIN = Duration.ofMillis(20);

  private final Duration limit;
  private final AtomicInteger inside = new AtomicInteger();
  private volatile long lastEnd = System.nanoTime() - QUIET.toNanos();
  private volatile long toldAt;
  private volatile boolean leaving;
  private volatile boolean running;

  /**
   * @param limit of the drain, from the moment it is told to stop
   */
  ConnectionDrain(@Value("${spring.lifecycle.timeout-per-shutdown-phase:30s}") Duration limit) {
    this.limit = limit;
  }

  @Override
  public Mono<Void> filter(ServerWebExchange exchange, WebFilterChain chain) {
    return Mono.defer(
        () -> {
          inside.incrementAndGet();
          exchange.getResponse().beforeCommit(() -> Mono.fromRunnable(() -> sayIt(exchange)));
          return chain.filter(exchange).doFinally(signal -> ended());
        });
  }

  private void sayIt(ServerWebExchange exchange) {
    if (leaving) {
      exchange.getResponse().getHeaders().set(HttpHeaders.CONNECTION, "close");
    }
  }

  private void ended() {
    lastEnd = System.nanoTime();
    inside.decrementAndGet();
  }

  @Override
  public void onApplicationEvent(ContextClosedEvent event) {
    toldAt = System.nanoTime();
    leaving = true;
  }

  /** Before the web server, which closes what it finds idle. */
  @Override
  public int getPhase() {
    return DEFAULT_PHASE;
  }

  @Override
  public void start() {
    running = true;
  }

  @Override
  public void stop() {
    running = false;
  }

  @Override
  public void stop(Runnable callback) {
    Thread.ofVirtual()
        .name("connection-drain")
        .start(
            () -> {
              try {
                while (!isQuiet() && System.nanoTime() - toldAt < limit.toNanos()) {
                  Thread.sleep(LOOK_AGAIN);
                }
              } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
              } finally {
                stop();
                callback.run();
              }
            });
  }

  private boolean isQuiet() {
    return inside.get() == 0 && System.nanoTime() - lastEnd >= QUIET.toNanos();
  }

  @Override
  public boolean isRunning() {
    return running;
  }
}
