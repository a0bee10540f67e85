package dev.slipstream.standalone.client;

import static org.assertj.core.api.Assertions.assertThat;

import dev.slipstream.standalone.chart.Chart;
import dev.slipstream.standalone.suite.Service;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Whether the chart's dashboard, alerts and autoscaler ask for figures that the services have. */
@Tag("model")
@Tag("suite")
@ExtendWith({RunningSuite.Extension.class, Chart.Extension.class})
class DashboardTest {
  private static final String EVERYTHING =
      "{dashboard: {enabled: true}, prometheusRule: {enabled: true}, target: {autoscaling: {mode:"
          + " keda}}}";

  /** A metric with its matchers, one of which names services by the ends of their names. */
  private static final Pattern SELECTOR = Pattern.compile("\\b([a-z][a-z0-9_]*)\\s*\\{([^}]*)}");

  private static final Pattern MATCHER = Pattern.compile("([a-z_]+)(?:=~|!=|=)\"([^\"]*)\"");
  private static final Pattern GROUPING = Pattern.compile("\\bby \\(([^)]*)\\)");
  private static final Pattern SAMPLE = Pattern.compile("(?m)^([a-zA-Z0-9_:]+)(?:\\{([^}]*)})? ");

  /** Prometheus adds these to what it scrapes. */
  private static final Set<String> SCRAPED = Set.of("namespace", "service", "pod");

  private static final Map<Service, Map<String, Set<String>>> LABELS = new EnumMap<>(Service.class);

  @BeforeAll
  static void scrape(RunningSuite suite) throws Exception {
    suite.verifyDrafts();
    for (Service service : Service.values()) {
      Map<String, Set<String>> labels = new HashMap<>();
      Matcher sample = SAMPLE.matcher(suite.metrics(service));
      while (sample.find()) {
        Set<String> names = labels.computeIfAbsent(sample.group(1), name -> new HashSet<>());
        Matcher label = MATCHER.matcher(sample.group(2) == null ? "" : sample.group(2));
        while (label.find()) {
          names.add(label.group(1));
        }
      }
      LABELS.put(service, labels);
    }
  }

  @Test
  void thePanelsShowFiguresThatThereAre(Chart chart) {
    JsonNode dashboard =
        new JsonMapper()
            .readTree(
                chart
                    .render(EVERYTHING)
                    .only("ConfigMap")
                    .at("/data")
                    .path("slipstream.json")
                    .asString());
    List<String> expressions = new ArrayList<>();
    for (JsonNode panel : dashboard.path("panels")) {
      panel.path("targets").forEach(target -> expressions.add(target.path("expr").asString()));
    }
    assertThat(expressions).hasSizeGreaterThan(30);
    expressions.forEach(DashboardTest::check);
  }

  @Test
  void alertsAndTheAutoscalerWatchFiguresThatThereAre(Chart chart) {
    var manifest = chart.render(EVERYTHING);
    List<String> expressions = new ArrayList<>();
    for (JsonNode rule : manifest.only("PrometheusRule").at("/spec/groups/0/rules")) {
      expressions.add(rule.path("expr").asString());
    }
    assertThat(expressions).hasSize(7);
    expressions.add(manifest.only("ScaledObject").at("/spec/triggers/0/metadata/query").asString());
    expressions.forEach(DashboardTest::check);
  }

  private static void check(String expression) {
    Set<String> labels = new HashSet<>(SCRAPED);
    Matcher selector = SELECTOR.matcher(expression);
    int selectors = 0;
    while (selector.find()) {
      selectors++;
      for (Service service : services(selector.group(2), expression)) {
        Set<String> known = LABELS.get(service).get(selector.group(1));
        assertThat(known)
            .as("%s of %s, for %s", selector.group(1), service, expression)
            .isNotNull();
        labels.addAll(known);
        assertThat(matchers(selector.group(2)).keySet()).as(expression).isSubsetOf(labels);
      }
    }
    assertThat(selectors).as(expression).isPositive();
    Matcher grouping = GROUPING.matcher(expression);
    while (grouping.find()) {
      assertThat(labels).as(expression).contains(grouping.group(1).split(",\\s*"));
    }
  }

  private static List<Service> services(String matchers, String expression) {
    String service = matchers(matchers).get("service");
    assertThat(service).as(expression).isNotNull();
    Matcher roles = Pattern.compile("-\\(?([a-z|]+)\\)?$").matcher(service);
    assertThat(roles.find()).as(expression).isTrue();
    return Stream.of(roles.group(1).split("\\|"))
        .map(role -> Service.valueOf(role.toUpperCase(Locale.ROOT)))
        .toList();
  }

  private static Map<String, String> matchers(String text) {
    Map<String, String> found = new HashMap<>();
    Matcher matcher = MATCHER.matcher(text);
    while (matcher.find()) {
      found.put(matcher.group(1), matcher.group(2));
    }
    return found;
  }
}
