package dev.slipstream.kv;

import dev.slipstream.kv.application.SharedBlocks;
import dev.slipstream.kv.storage.StoreUsage;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.binder.MeterBinder;
import java.util.function.ToDoubleFunction;

/** Shows the cache's figures to Micrometer. The units of this service are blocks and bytes. */
final class KvMetrics implements MeterBinder {
  private final SharedBlocks cache;

  KvMetrics(SharedBlocks cache) {
    this.cache = cache;
  }

  @Override
  public void bindTo(MeterRegistry registry) {
    counter(
        registry,
        "slipstream.kv.blocks.queried",
        "Blocks asked for with Match; hit rate = kv_blocks_hit / kv_blocks_queried",
        c -> c.stats().queries());
    counter(
        registry,
        "slipstream.kv.blocks.hit",
        "Blocks asked for with Match that were stored, counted up to the first missing one",
        c -> c.stats().hits());
    counter(registry, "slipstream.kv.blocks.fetched", "Blocks sent", c -> c.stats().fetched());
    counter(registry, "slipstream.kv.blocks.stored", "Blocks stored", c -> c.stats().stored());
    counter(
        registry,
        "slipstream.kv.blocks.skipped",
        "Blocks offered that were there already, or that the storage did not take",
        c -> c.stats().skipped());
    counter(
        registry,
        "slipstream.kv.blocks.discarded",
        "Blocks deleted because a target could not use them: what they hold is no KV of a model, or a"
            + " pass on them had results that are not finite",
        c -> c.stats().discarded());
    if (cache.usage().isPresent()) {
      bindUsage(registry);
    }
  }

  /** A store that others share has figures of its own. */
  private void bindUsage(MeterRegistry registry) {
    counter(
        registry,
        "slipstream.kv.blocks.evicted",
        "Blocks dropped to stay within the capacity",
        of(StoreUsage::evictions));
    gauge(registry, "slipstream.kv.blocks", "Blocks held", of(StoreUsage::blocks));
    gauge(registry, "slipstream.kv.bytes", "Bytes held", of(StoreUsage::bytes));
    gauge(
        registry,
        "slipstream.kv.capacity.bytes",
        "Bytes that blocks may take",
        of(StoreUsage::capacityBytes));
    gauge(
        registry,
        "slipstream.kv.cache.usage.perc",
        "kv_bytes / kv_capacity_bytes, 0 to 1",
        of(usage -> (double) usage.bytes() / usage.capacityBytes()));
  }

  private static ToDoubleFunction<SharedBlocks> of(ToDoubleFunction<StoreUsage> figure) {
    return cache -> cache.usage().map(figure::applyAsDouble).orElse(Double.NaN);
  }

  private void counter(
      MeterRegistry registry, String name, String help, ToDoubleFunction<SharedBlocks> value) {
    FunctionCounter.builder(name, cache, value).description(help).register(registry);
  }

  private void gauge(
      MeterRegistry registry, String name, String help, ToDoubleFunction<SharedBlocks> value) {
    Gauge.builder(name, cache, value).description(help).register(registry);
  }
}
