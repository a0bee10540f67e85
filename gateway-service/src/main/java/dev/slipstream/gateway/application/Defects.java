package dev.slipstream.gateway.application;

import java.util.HexFormat;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Makes errors for clients of what nobody has foreseen. Errors of the JVM (a stack that overflows,
 * a heap that is full, a class that cannot be linked) need this above all: Reactor takes them for
 * the end of the process and throws them past every operator, so that the request would never be
 * answered. They are caught before Reactor sees them, logged once and counted.
 */
public final class Defects {
  private static final Logger log = LoggerFactory.getLogger(Defects.class);

  private final GatewayMetrics metrics;

  public Defects(GatewayMetrics metrics) {
    this.metrics = metrics;
  }

  /**
   * What a request that has met this fails with; an {@link ApiException} is one already.
   *
   * @param what was going on, for the log
   */
  ApiException failure(String what, Throwable cause) {
    if (cause instanceof ApiException known) {
      return known;
    }
    String id = HexFormat.of().toHexDigits(ThreadLocalRandom.current().nextInt());
    log.error("{} failed (error {})", what, id, cause);
    if (cause instanceof VirtualMachineError || cause instanceof LinkageError) {
      metrics.vmError(cause);
    }
    return new ApiException(
        cause instanceof OutOfMemoryError
            ? new ApiError.Exhausted(
                "The gateway has too little memory for this request now (error %s).".formatted(id))
            : new ApiError.Internal(
                "The gateway failed to process the request; its log tells more under error %s."
                    .formatted(id)));
  }

  /** The same callback, except that its errors, unlike its exceptions, are {@link #failure}s. */
  public <A, B> Function<A, B> guarded(String what, Function<A, B> callback) {
    return argument -> {
      try {
        return callback.apply(argument);
      } catch (Error e) {
        throw failure(what, e);
      }
    };
  }
}
