package dev.slipstream.target.application;

import dev.slipstream.engine.speculation.PassCost;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tags;

/** What speculation costs, so that whoever sees it off can tell what it would take. */
final class CostMetrics {
  private static final int[] COST_ROWS = {1, 2, 3, 4, 5, 6, 7, 8, 12, 16, 32};
  private static final int[] DRAFT_LENGTHS = {1, 2, 3, 4, 6, 8, 16};

  private volatile PassCost cost;

  CostMetrics(MeterRegistry registry, Tags labels, PassCost cost) {
    this.cost = cost;
    for (int count : COST_ROWS) {
      Tags rowTags = labels.and("rows", Integer.toString(count));
      Gauge.builder("slipstream.verification.cost", this, m -> m.cost.relative(count))
          .description("T(rows)/T(1): time of a forward pass against one over a single row")
          .tags(rowTags)
          .register(registry);
      Gauge.builder("slipstream.spec.decode.pass", this, m -> m.cost.seconds(count))
          .baseUnit("seconds")
          .description("T(rows): expected time of a forward pass, as measured so far")
          .tags(rowTags)
          .register(registry);
    }
    for (int length : DRAFT_LENGTHS) {
      Gauge.builder(
              "slipstream.spec.decode.break.even.acceptance",
              this,
              m -> m.cost.breakEvenAcceptance(length))
          .description(
              "Acceptance rate a above which drafts of draft_tokens = k pay for one request alone:"
                  + " 1 + a + ... + a^k = T(1 + k)/T(1); 1 if none is enough")
          .tags(labels.and("draft_tokens", Integer.toString(length)))
          .register(registry);
    }
  }

  void show(PassCost newCost) {
    cost = newCost;
  }
}
