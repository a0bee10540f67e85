package dev.slipstream.standalone.client;

import static org.assertj.core.api.Assertions.assertThat;

import dev.slipstream.kv.KvApplication;
import dev.slipstream.standalone.architecture.Techniques;
import dev.slipstream.standalone.docs.GeneratedBlock;
import dev.slipstream.standalone.suite.Service;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import io.prometheus.metrics.model.snapshots.CounterSnapshot;
import io.prometheus.metrics.model.snapshots.DataPointSnapshot;
import io.prometheus.metrics.model.snapshots.GaugeSnapshot;
import io.prometheus.metrics.model.snapshots.HistogramSnapshot;
import io.prometheus.metrics.model.snapshots.MetricSnapshot;
import io.prometheus.metrics.model.snapshots.SummarySnapshot;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.springframework.boot.WebApplicationType;
import org.springframework.boot.builder.SpringApplicationBuilder;

/** Whether the documentation has all figures of the four services, as they tell of themselves. */
@Tag("model")
@Tag("suite")
@ExtendWith(RunningSuite.Extension.class)
class MetricTablesTest {
  private static final String OURS = "slipstream_";
  private static final List<String> SERVICES = List.of("gateway", "target", "draft", "kv");

  /** What several services count, each for its own part and all in the same unit. */
  private static final Set<String> IN_COMMON =
      Set.of(
          "num_requests_running",
          "num_requests_waiting",
          "prompt_tokens_total",
          "generation_tokens_total",
          "draft_streams",
          "kv_cache_usage_perc",
          "vm_errors_total");

  private static List<Figure> figures;

  /**
   * @param labels but the one that tells embedded services apart
   */
  private record Figure(String name, String service, String type, Set<String> labels, String help) {
    static Figure of(MetricSnapshot metric, String service) {
      Set<String> labels = new TreeSet<>();
      metric.getDataPoints().stream()
          .filter(point -> isOf(service, point))
          .forEach(point -> point.getLabels().forEach(label -> labels.add(label.getName())));
      labels.remove("service");
      String name = metric.getMetadata().getPrometheusName().substring(OURS.length());
      return switch (metric) {
        case CounterSnapshot _ ->
            new Figure(name + "_total", service, "counter", labels, help(metric));
        case GaugeSnapshot _ -> new Figure(name, service, "gauge", labels, help(metric));
        case HistogramSnapshot _ -> new Figure(name, service, "histogram", labels, help(metric));
        case SummarySnapshot _ -> new Figure(name, service, "summary", labels, help(metric));
        default -> throw new AssertionError(metric.getClass());
      };
    }

    private static String help(MetricSnapshot metric) {
      return metric.getMetadata().getHelp();
    }

    String row(String services) {
      return "| `%s%s` | %s | %s | %s |\n"
          .formatted(
              name,
              labels.isEmpty() ? "" : labels.stream().collect(Collectors.joining(",", "{", "}")),
              services,
              type,
              help.replace("|", "\\|"));
    }
  }

  /** An answer with drafts, and a kv that looks for its Redis, bring what is not there before. */
  @BeforeAll
  static void collect(RunningSuite suite) throws Exception {
    suite.verifyDrafts();
    figures = new ArrayList<>();
    for (MetricSnapshot metric : ours(suite.figures())) {
      for (String service : SERVICES) {
        if (metric.getDataPoints().stream().anyMatch(point -> isOf(service, point))) {
          MetricSnapshot own =
              ours(suite.figures(Service.valueOf(service.toUpperCase(Locale.ROOT)))).stream()
                  .filter(
                      same ->
                          same.getMetadata()
                              .getPrometheusName()
                              .equals(metric.getMetadata().getPrometheusName()))
                  .findFirst()
                  .orElseThrow();
          figures.add(Figure.of(own, service));
        }
      }
    }
    try (var kv =
        new SpringApplicationBuilder(KvApplication.class)
            .web(WebApplicationType.NONE)
            .run(
                "--spring.grpc.server.port=0",
                "--slipstream.kv.storage=redis",
                "--slipstream.kv.redis.uris=redis://127.0.0.1:1")) {
      ours(kv.getBean(PrometheusRegistry.class)).stream()
          .map(metric -> Figure.of(metric, "kv"))
          .filter(figure -> figures.stream().noneMatch(f -> f.name.equals(figure.name)))
          .forEach(figures::add);
    }
  }

  private static List<MetricSnapshot> ours(PrometheusRegistry registry) {
    return registry.scrape(name -> name.startsWith(OURS)).stream()
        .filter(metric -> !metric.getMetadata().getPrometheusName().endsWith("_max"))
        .toList();
  }

  private static boolean isOf(String service, DataPointSnapshot point) {
    String label = point.getLabels().get("service");
    return label == null || label.equals("slipstream-" + service);
  }

  @Test
  void theTableIsWhatTheServicesSay() {
    Map<String, List<Figure>> rows =
        figures.stream()
            .sorted(
                Comparator.comparing((Figure f) -> SERVICES.indexOf(f.service))
                    .thenComparing(Figure::name))
            .collect(
                Collectors.groupingBy(
                    f -> f.name + f.type + f.labels + f.help,
                    LinkedHashMap::new,
                    Collectors.toList()));
    String table =
        rows.values().stream()
            .map(
                same ->
                    same.getFirst()
                        .row(same.stream().map(Figure::service).collect(Collectors.joining(", "))))
            .collect(
                Collectors.joining(
                    "", "| name (`slipstream_...`) | service | type | |\n|---|---|---|---|\n", ""));
    new GeneratedBlock("api.md", "metrics").mustBe(table);
  }

  @Test
  void everyFigureSaysWhatItIs() {
    assertThat(figures).allSatisfy(figure -> assertThat(figure.help).isNotBlank());
  }

  /** Whoever adds up a name over all services must not add tokens to blocks. */
  @Test
  void aNameThatServicesShareIsMeantToBeShared() {
    Map<String, Set<String>> services = new TreeMap<>();
    Map<String, Set<String>> types = new TreeMap<>();
    for (Figure figure : figures) {
      services.computeIfAbsent(figure.name, _ -> new TreeSet<>()).add(figure.service);
      types.computeIfAbsent(figure.name, _ -> new TreeSet<>()).add(figure.type);
    }
    assertThat(types.values()).allSatisfy(one -> assertThat(one).hasSize(1));
    services.values().removeIf(one -> one.size() == 1);
    assertThat(IN_COMMON).containsAll(services.keySet());
  }

  @Test
  void everyTechniqueHasFiguresUnderItsName(RunningSuite suite) {
    Set<String> named =
        ours(suite.figures()).stream()
            .flatMap(metric -> metric.getDataPoints().stream())
            .flatMap(
                point ->
                    Stream.of("drafter", "source", "technique").map(l -> point.getLabels().get(l)))
            .filter(Objects::nonNull)
            .collect(Collectors.toSet());
    assertThat(Techniques.all())
        .isNotEmpty()
        .allSatisfy(p -> assertThat(named).contains(Techniques.of(p).name()));
  }
}
