package dev.slipstream.transport;

import io.grpc.MethodDescriptor;
import io.grpc.Status;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.HexFormat;
import java.util.concurrent.ThreadLocalRandom;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What the client hears of something that a handler has thrown: that it happened, and under which
 * number the log tells more. Errors of the JVM are counted.
 */
final class HandlerFailures {
  private static final Logger log = LoggerFactory.getLogger(HandlerFailures.class);

  private final MeterRegistry registry;

  HandlerFailures(MeterRegistry registry) {
    this.registry = registry;
    // Of a counter that is not there before it counts, Prometheus never sees the first increase.
    errors(OutOfMemoryError.class);
    errors(StackOverflowError.class);
  }

  private Counter errors(Class<?> kind) {
    return Counter.builder("slipstream.vm.errors")
        .description("Errors of the JVM, such as a stack overflow, that requests have met")
        .tag("error", kind.getSimpleName())
        .register(registry);
  }

  /** INTERNAL, or RESOURCE_EXHAUSTED if memory was what it lacked. */
  Status status(MethodDescriptor<?, ?> method, Throwable cause) {
    String id = HexFormat.of().toHexDigits(ThreadLocalRandom.current().nextInt());
    log.error("{} failed (error {})", method.getFullMethodName(), id, cause);
    if (cause instanceof VirtualMachineError || cause instanceof LinkageError) {
      errors(cause.getClass()).increment();
    }
    return (cause instanceof OutOfMemoryError ? Status.RESOURCE_EXHAUSTED : Status.INTERNAL)
        .withDescription(
            "%s failed inside the service; its log tells more under error %s"
                .formatted(method.getBareMethodName(), id));
  }
}
