package dev.slipstream.standalone.suite;

import io.prometheus.metrics.model.registry.PrometheusRegistry;
import io.prometheus.metrics.model.registry.PrometheusScrapeRequest;
import io.prometheus.metrics.model.snapshots.CounterSnapshot;
import io.prometheus.metrics.model.snapshots.GaugeSnapshot;
import io.prometheus.metrics.model.snapshots.HistogramSnapshot;
import io.prometheus.metrics.model.snapshots.MetricSnapshot;
import io.prometheus.metrics.model.snapshots.MetricSnapshots;
import io.prometheus.metrics.model.snapshots.SummarySnapshot;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import java.util.function.Supplier;
import java.util.stream.Stream;

/**
 * The gateway's registry, which also shows what the other services count of their own work: theirs
 * have no address that Prometheus could ask. Of the process that they all share, the gateway's
 * figures are enough.
 *
 * <p>Services have names in common, such as requests under way; a label keeps their series apart.
 */
final class SuiteMetrics extends PrometheusRegistry {
  /** The label, as a property of each service. Its values are those that monitoring/ gives, too. */
  static final String LABEL_PROPERTY = "management.metrics.tags.service";

  private static final String OURS = "slipstream_";

  private final Supplier<Stream<PrometheusRegistry>> others;

  /**
   * @param others the registries of the services that run now
   */
  SuiteMetrics(Supplier<Stream<PrometheusRegistry>> others) {
    this.others = others;
  }

  @Override
  public MetricSnapshots scrape(PrometheusScrapeRequest request) {
    return with(super.scrape(request), name -> name.startsWith(OURS));
  }

  @Override
  public MetricSnapshots scrape(Predicate<String> included, PrometheusScrapeRequest request) {
    return included == null
        ? scrape(request)
        : with(
            super.scrape(included, request), name -> name.startsWith(OURS) && included.test(name));
  }

  private MetricSnapshots with(MetricSnapshots own, Predicate<String> included) {
    Map<String, MetricSnapshot> byName = new LinkedHashMap<>();
    Stream.concat(Stream.of(own), others.get().map(registry -> registry.scrape(included)))
        .flatMap(MetricSnapshots::stream)
        .forEach(
            metric ->
                byName.merge(
                    metric.getMetadata().getPrometheusName(), metric, SuiteMetrics::together));
    return new MetricSnapshots(byName.values());
  }

  private static MetricSnapshot together(MetricSnapshot one, MetricSnapshot more) {
    return switch (one) {
      case CounterSnapshot counter when more instanceof CounterSnapshot same ->
          new CounterSnapshot(
              counter.getMetadata(), both(counter.getDataPoints(), same.getDataPoints()));
      case GaugeSnapshot gauge when more instanceof GaugeSnapshot same ->
          new GaugeSnapshot(gauge.getMetadata(), both(gauge.getDataPoints(), same.getDataPoints()));
      case HistogramSnapshot histogram when more instanceof HistogramSnapshot same ->
          new HistogramSnapshot(
              histogram.getMetadata(), both(histogram.getDataPoints(), same.getDataPoints()));
      case SummarySnapshot summary when more instanceof SummarySnapshot same ->
          new SummarySnapshot(
              summary.getMetadata(), both(summary.getDataPoints(), same.getDataPoints()));
      default ->
          throw new IllegalStateException(
              one.getMetadata().getPrometheusName() + " is not the same in all services");
    };
  }

  private static <T> List<T> both(List<T> one, List<T> more) {
    return Stream.concat(one.stream(), more.stream()).toList();
  }
}
