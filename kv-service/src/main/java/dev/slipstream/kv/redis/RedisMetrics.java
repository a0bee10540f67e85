package dev.slipstream.kv.redis;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import java.time.Duration;
import java.util.EnumMap;
import java.util.Locale;
import java.util.Map;
import java.util.function.BooleanSupplier;
import java.util.function.Function;

/** How Redis does, as this service sees it. */
final class RedisMetrics {
  enum Command {
    MATCH,
    READ,
    WRITE
  }

  enum Read {
    HIT,
    MISS,
    DAMAGED,
    ERROR
  }

  enum Failure {
    /** No answer in time. */
    TIMEOUT,
    /** There was a connection, which broke. */
    CONNECTION,
    /** The server answered with an error. */
    REFUSED,
    /** There was no connection, and nothing was tried. */
    DISCONNECTED
  }

  private static final Duration[] BUCKETS = {
    Duration.ofNanos(500_000),
    Duration.ofMillis(1),
    Duration.ofMillis(2),
    Duration.ofMillis(5),
    Duration.ofMillis(10),
    Duration.ofMillis(25),
    Duration.ofMillis(50),
    Duration.ofMillis(100),
    Duration.ofMillis(250),
    Duration.ofMillis(500),
    Duration.ofSeconds(1)
  };

  private final Function<Command, Timer> times;
  private final Function<Read, Counter> reads;
  private final Function<Failure, Counter> failures;

  RedisMetrics(MeterRegistry registry, BooleanSupplier connected) {
    Gauge.builder("slipstream.kv.redis.connected", () -> connected.getAsBoolean() ? 1 : 0)
        .description("1 if Redis can be asked, 0 while the service does without it")
        .register(registry);
    times =
        forEach(
            Command.class,
            command ->
                Timer.builder("slipstream.kv.redis.command")
                    .description(
                        "Waiting for Redis: match for one batch of keys, read and write for one"
                            + " block; reads ahead that had come in time took no wait")
                    .tag("command", tag(command))
                    .serviceLevelObjectives(BUCKETS)
                    .register(registry));
    reads =
        forEach(
            Read.class,
            result ->
                Counter.builder("slipstream.kv.redis.reads")
                    .description("Blocks asked for; a damaged one is deleted and counts as missing")
                    .tag("result", tag(result))
                    .register(registry));
    failures =
        forEach(
            Failure.class,
            reason ->
                Counter.builder("slipstream.kv.redis.errors")
                    .description("Commands that failed, or were not sent without a connection")
                    .tag("reason", tag(reason))
                    .register(registry));
  }

  private static <K extends Enum<K>, M> Function<K, M> forEach(
      Class<K> type, Function<K, M> meter) {
    Map<K, M> meters = new EnumMap<>(type);
    for (K constant : type.getEnumConstants()) {
      meters.put(constant, meter.apply(constant));
    }
    return meters::get;
  }

  private static String tag(Enum<?> constant) {
    return constant.name().toLowerCase(Locale.ROOT);
  }

  void took(Command command, long nanos) {
    times.apply(command).record(Duration.ofNanos(nanos));
  }

  void read(Read result) {
    reads.apply(result).increment();
  }

  void failed(Failure reason) {
    failures.apply(reason).increment();
  }
}
