package dev.slipstream.standalone.chart;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.marcnuri.helm.Helm;
import java.io.IOException;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.FieldSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Whether a mistake in values is found when they are given, and not when nothing works. */
@ExtendWith(Chart.Extension.class)
class ChartSchemaTest {
  static final List<String> ROLES = Manifest.ROLES;

  /** Set by the chart itself. */
  private static final Set<String> CHARTS_OWN =
      Set.of(
          "gateway.targets",
          "gateway.drafts",
          "gateway.apiKeys",
          "gateway.apiKeysFile",
          "draft.model",
          "target.model",
          "target.modelId",
          "target.kv.target",
          "target.drainLimit",
          "target.cacheDirectory",
          "kv.storage",
          "kv.redis.uris",
          "kv.redis.cluster",
          "kv.redis.username",
          "kv.redis.password",
          "kv.redis.sslBundle");

  @Test
  void helmHasNothingToCriticise(Chart chart) {
    var result = new Helm(chart.directory()).lint().strict().call();
    assertThat(result.isFailed()).as(result.getMessages().toString()).isFalse();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "gatewey: {} | gatewey",
        "gateway: {replica: 2} | replica",
        "gateway: {config: {targets: [a]}} | targets",
        "target: {config: {kvCache: {sizes: 1GB}}} | sizes",
        "target: {config: {maxRunnin: 4}} | maxRunnin",
        "kv: {config: {storage: redis}} | storage",
        "kv: {replicas: 1000} | replicas",
        "kv: {redis: {uri: 'redis://a'}} | uri",
        "kv: {redis: {uris: ['http://a']}} | uris",
        "kv: {redis: {uris: ['redis://:password@a']}} | uris",
        "kv: {redis: {uris: 'redis://a'}} | uris",
        "kv: {config: {redis: {timeToLive: 24}}} | timeToLive",
        "gateway: {replicas: 0} | replicas",
        "gateway: {replicas: two} | replicas",
        "target: {resources: {cpu: 500m}} | cpu",
        "target: {resources: {cpu: 1.5}} | cpu",
        "target: {resources: {cpu: 0}} | cpu",
        "target: {resources: {cpuRequest: 0.5}} | cpuRequest",
        "target: {resources: {cpuRequest: 0m}} | cpuRequest",
        "target: {resources: {memory: 2GB}} | memory",
        "target: {resources: {limits: {cpu: 1}}} | limits",
        "target: {resources: {nvidia.com/gpu: 1}} | nvidia.com/gpu",
        "target: {config: {kvCache: {size: 512Mi}}} | size",
        "target: {config: {kvCache: {memoryFraction: 1.5}}} | memoryFraction",
        "target: {config: {kvCache: {keyEncoding: f16}}} | keyEncoding",
        "target: {config: {maxBatchRows: 100000}} | maxBatchRows",
        "gateway: {config: {keepAlive: 15}} | keepAlive",
        "gateway: {config: {allowedOrigins: '*'}} | allowedOrigins",
        "target: {autoscaling: {mode: cpu}} | mode",
        "gateway: {podDisruptionBudget: {minAvailable: 1}} | minAvailable",
        "gateway: {podDisruptionBudget: {maxUnavailable: 0}} | maxUnavailable",
        "gateway: {podDisruptionBudget: {maxUnavailable: 0%}} | maxUnavailable",
        "gateway: {topologySpread: [{topologyKey: a}]} | topologySpread",
        "gateway: {probes: {readiness: {path: /}}} | path",
        "image: {pullPolicy: Sometimes} | pullPolicy",
        "draft: {image: {digest: latest}} | digest",
        "model: {reference: ''} | reference",
        "model: {volume: {type: nfs}} | type",
        "ingress: {paths: [v1]} | paths",
        "tracing: {samplingProbability: 2} | samplingProbability",
        "gateway: {extraEnv: {A: b}} | extraEnv",
      })
  void whatMakesNoSenseIsRefusedByItsName(String values, String named, Chart chart) {
    assertThatThrownBy(() -> chart.render(values))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("schema")
        .hasMessageContaining(named);
  }

  /** Or the chart would promise a setting that there is not, or withhold one that there is. */
  @ParameterizedTest
  @FieldSource("ROLES")
  void configTakesThePropertiesOfTheService(String role) throws IOException {
    Set<String> taken = new TreeSet<>();
    leaves(schema().at("/properties/" + role + "/properties/config"), "", taken);
    Set<String> known = new TreeSet<>(ServiceKeys.of(role).own());
    known.removeIf(key -> CHARTS_OWN.contains(role + "." + key));
    assertThat(taken).isEqualTo(known);
  }

  private static void leaves(JsonNode object, String path, Set<String> found) {
    for (var property : object.path("properties").properties()) {
      String key = path + property.getKey();
      if (property.getValue().has("properties")) {
        leaves(property.getValue(), key + ".", found);
      } else {
        found.add(key);
      }
    }
  }

  @Test
  void everyObjectIsClosedAndEveryValueExplained() throws IOException {
    List<String> open = new ArrayList<>();
    JsonNode schema = schema();
    inspect(schema, "", open);
    inspect(schema.path("definitions"), "definitions", open);
    schema.path("definitions").properties().forEach(d -> inspect(d.getValue(), d.getKey(), open));
    assertThat(open).isEmpty();
  }

  private static void inspect(JsonNode node, String path, List<String> problems) {
    if (node.has("properties") && node.path("additionalProperties").asBoolean(true)) {
      problems.add(path + " takes anything");
    }
    for (var property : node.path("properties").properties()) {
      String key = path + "/" + property.getKey();
      JsonNode value = property.getValue();
      if (!value.has("$ref")
          && value.path("description").asString("").isBlank()
          && !path.equals("env")) {
        problems.add(key + " has no description");
      }
      inspect(value, key, problems);
      inspect(value.path("items"), key, problems);
    }
  }

  /** Or a reader of values.yaml would not learn of it. */
  @Test
  void everyValueButConfigIsInTheValuesFile() throws IOException {
    JsonNode values = Manifest.tree(Files.readString(Chart.source().resolve("values.yaml")));
    List<String> missing = new ArrayList<>();
    compare(schema(), values, "", missing);
    assertThat(missing).containsExactly("/global");
  }

  private static void compare(JsonNode schema, JsonNode values, String path, List<String> missing) {
    for (var property : schema.path("properties").properties()) {
      String key = path + "/" + property.getKey();
      if (!values.has(property.getKey())) {
        missing.add(key);
      } else if (!property.getKey().equals("config")) {
        compare(property.getValue(), values.get(property.getKey()), key, missing);
      }
    }
  }

  private static JsonNode schema() throws IOException {
    return new JsonMapper()
        .readTree(Files.readString(Chart.source().resolve("values.schema.json")));
  }
}
