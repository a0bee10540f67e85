package dev.slipstream.standalone.chart;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.constructor.SafeConstructor;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * Kubernetes objects, as Helm would send them.
 *
 * @param objects in Helm's order
 */
public record Manifest(List<JsonNode> objects) {
  static final List<String> ROLES = List.of("gateway", "draft", "target", "kv");
  private static final JsonMapper JSON = new JsonMapper();

  static Manifest parse(String yaml) {
    List<JsonNode> objects = new ArrayList<>();
    yaml(yaml).filter(Objects::nonNull).forEach(o -> objects.add(JSON.valueToTree(o)));
    return new Manifest(objects);
  }

  /** One YAML document; a key that occurs twice is an error. */
  static JsonNode tree(String yaml) {
    return JSON.valueToTree(yaml(yaml).findFirst().orElseThrow());
  }

  private static Stream<Object> yaml(String text) {
    LoaderOptions options = new LoaderOptions();
    options.setAllowDuplicateKeys(false);
    Iterable<Object> documents = new Yaml(new SafeConstructor(options)).loadAll(text);
    return StreamSupport.stream(documents.spliterator(), false);
  }

  List<JsonNode> all(String kind) {
    return objects.stream().filter(o -> kind.equals(o.path("kind").asString())).toList();
  }

  /** The only object of this kind. */
  public JsonNode only(String kind) {
    List<JsonNode> found = all(kind);
    assertThat(found).as(kind).hasSize(1);
    return found.getFirst();
  }

  JsonNode named(String kind, String name) {
    List<JsonNode> found = all(kind).stream().filter(o -> name(o).equals(name)).toList();
    assertThat(found).as(kind + " " + name).hasSize(1);
    return found.getFirst();
  }

  boolean has(String kind, String name) {
    return all(kind).stream().anyMatch(o -> name(o).equals(name));
  }

  List<JsonNode> deployments() {
    return all("Deployment");
  }

  public JsonNode deployment(String role) {
    List<JsonNode> found = deployments().stream().filter(d -> role(d).equals(role)).toList();
    assertThat(found).as("Deployment of " + role).hasSize(1);
    return found.getFirst();
  }

  /** The container of a role. */
  JsonNode container(String role) {
    return container(deployment(role));
  }

  static JsonNode container(JsonNode deployment) {
    JsonNode containers = deployment.at("/spec/template/spec/containers");
    assertThat(containers.size()).as("containers").isEqualTo(1);
    return containers.get(0);
  }

  /** Environment variables with a value of their own. */
  public static Map<String, String> environment(JsonNode container) {
    Map<String, String> variables = new LinkedHashMap<>();
    for (JsonNode variable : container.path("env")) {
      String name = variable.path("name").asString();
      assertThat(variables).as("variables of the container").doesNotContainKey(name);
      variables.put(name, variable.path("value").asString(""));
    }
    return variables;
  }

  /** The pods that the chart makes, one of each kind: of the roles, and of {@code helm test}. */
  List<JsonNode> podSpecs() {
    return Stream.concat(
            deployments().stream().map(d -> d.at("/spec/template/spec")),
            all("Pod").stream().map(p -> p.path("spec")))
        .toList();
  }

  /** The command lines of containers that are told what to do. */
  public List<List<String>> arguments() {
    return podSpecs().stream()
        .flatMap(Manifest::containers)
        .filter(c -> c.has("args"))
        .map(c -> stream(c.path("args")).map(JsonNode::asString).toList())
        .toList();
  }

  static Stream<JsonNode> containers(JsonNode podSpec) {
    return Stream.concat(
        stream(podSpec.path("initContainers")), stream(podSpec.path("containers")));
  }

  static Stream<JsonNode> stream(JsonNode array) {
    return StreamSupport.stream(array.spliterator(), false);
  }

  static String name(JsonNode object) {
    return object.at("/metadata/name").asString();
  }

  static String role(JsonNode object) {
    return object.at("/metadata/labels").path("app.kubernetes.io/component").asString();
  }

  /** Whether labels have everything that a selector asks for. */
  static boolean selects(JsonNode selector, JsonNode labels) {
    return !selector.isEmpty()
        && selector.properties().stream()
            .allMatch(e -> e.getValue().equals(labels.get(e.getKey())));
  }

  /** The deployments whose pods a selector selects. */
  List<JsonNode> selected(JsonNode selector) {
    return deployments().stream()
        .filter(d -> selects(selector, d.at("/spec/template/metadata/labels")))
        .toList();
  }
}
