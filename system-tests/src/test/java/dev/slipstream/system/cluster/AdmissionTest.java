package dev.slipstream.system.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import dev.slipstream.system.cluster.StubbedKinds.Kind;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.constructor.SafeConstructor;
import tools.jackson.databind.json.JsonMapper;

/**
 * What the chart renders, before the API server. What a user would lose: an installation, because
 * the server refuses one of the objects.
 */
@Tag("cluster")
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class AdmissionTest {
  private static final String RELEASE = "slip";
  private static final JsonMapper JSON = new JsonMapper();

  /** Every kind of object that no values file asks for. */
  private static final String ALL_ELSE =
      """
      ingress: {enabled: true, className: nginx, hosts: [llm.example.com]}
      gatewayApi:
        httpRoute: {enabled: true, parentRefs: [{name: edge}], hostnames: [llm.example.com]}
        grpcRoute: {enabled: true, parentRefs: [{name: edge}]}
      mutualTls: {enabled: true, certManager: {enabled: true, issuerRef: {name: ca}}}
      apiKeys: {existingSecret: keys}
      tracing: {enabled: true}
      target: {autoscaling: {mode: hpa}}
      model: {volume: {type: persistentVolumeClaim}}
      """;

  private Namespace namespace;
  private StubbedKinds stubs;

  @BeforeAll
  void create() throws Exception {
    namespace = Namespace.create("admission");
    stubs = new StubbedKinds(namespace);
  }

  @AfterAll
  void delete() throws Exception {
    if (namespace != null) {
      stubs.close();
      namespace.close();
    }
  }

  static Stream<String> valuesFiles() throws IOException {
    try (Stream<Path> files = Files.list(Release.chart())) {
      return Stream.concat(
          files
              .map(file -> file.getFileName().toString())
              .filter(name -> name.matches("values(-.+)?\\.yaml")),
          Stream.of("all else"))
          .sorted()
          .toList()
          .stream();
    }
  }

  @ParameterizedTest
  @MethodSource("valuesFiles")
  void everyObjectIsAccepted(String values) throws Exception {
    String yaml = render(values);
    // Pods are checked against a service account that must be there.
    namespace.apply(render(values, "--show-only=templates/serviceaccount.yaml"));
    List<Kind> objects = kinds(yaml);
    stubs.add(objects);
    Tool.Result result =
        namespace.kubectl().attempt(yaml, "apply", "--dry-run=server", "--filename=-");
    assertThat(result.status()).as(result.err()).isZero();
    assertThat(result.err()).as("warnings, of Pod Security for example").isEmpty();
    assertThat(result.out().lines())
        .hasSameSizeAs(objects)
        .allMatch(line -> line.endsWith("(server dry run)"));
    System.out.printf(
        "%s: %d objects accepted, of stubbed kinds: %s%n",
        values, objects.size(), stubs.of(objects));
  }

  private String render(String values, String... options) throws Exception {
    List<String> command =
        new ArrayList<>(List.of("template", RELEASE, Release.chart().toString()));
    command.add("--kube-version=" + version());
    command.addAll(List.of(options));
    if (values.endsWith(".yaml")) {
      command.add("--values=" + Release.chart().resolve(values));
      return namespace.helm().run(command.toArray(String[]::new));
    }
    command.add("--values=-");
    return namespace.helm().feed(ALL_ELSE, command.toArray(String[]::new));
  }

  private String version() throws Exception {
    return JSON.readTree(namespace.run("version", "--output=json"))
        .at("/serverVersion/gitVersion")
        .asString();
  }

  private static List<Kind> kinds(String yaml) {
    List<Kind> kinds = new ArrayList<>();
    for (Object document : new Yaml(new SafeConstructor(new LoaderOptions())).loadAll(yaml)) {
      if (document instanceof Map<?, ?> object) {
        kinds.add(Kind.of((String) object.get("apiVersion"), (String) object.get("kind")));
      }
    }
    return kinds;
  }
}
