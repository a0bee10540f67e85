package dev.slipstream.system.cluster;

import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;

/**
 * Kinds of operators that the cluster may lack: Prometheus', KEDA, cert-manager, the Gateway API.
 * Those that it lacks get a definition that takes any object, as long as the tests run. So it is
 * checked that the API server takes the objects, but not that the operators would.
 */
final class StubbedKinds implements AutoCloseable {
  private final Namespace namespace;
  private final Set<Kind> stubbed = new TreeSet<>();

  StubbedKinds(Namespace namespace) {
    this.namespace = namespace;
  }

  /**
   * @param group with a dot, or not of an operator
   */
  record Kind(String group, String version, String kind) implements Comparable<Kind> {
    static Kind of(String apiVersion, String kind) {
      int slash = apiVersion.indexOf('/');
      return new Kind(
          apiVersion.substring(0, Math.max(0, slash)), apiVersion.substring(slash + 1), kind);
    }

    private String plural() {
      return kind.toLowerCase(Locale.ROOT) + "s";
    }

    private String definition() {
      return plural() + "." + group;
    }

    @Override
    public int compareTo(Kind other) {
      return toString().compareTo(other.toString());
    }
  }

  /** Makes definitions of those of the kinds that the cluster does not know. */
  void add(List<Kind> kinds) throws IOException, InterruptedException {
    Set<String> known =
        namespace
            .run("api-resources", "--output=name")
            .lines()
            .collect(Collectors.toCollection(TreeSet::new));
    for (Kind kind : new TreeSet<>(kinds)) {
      if (kind.group().contains(".") && !isBuiltIn(kind) && !known.contains(kind.definition())) {
        namespace.kubectl().feed(definition(kind), "create", "--filename=-");
        stubbed.add(kind);
      }
    }
    for (Kind kind : stubbed) {
      String[] wait = {"wait", "crd/" + kind.definition(), "--for=condition=Established"};
      // It fails at once where there are no conditions yet.
      await()
          .atMost(Duration.ofMinutes(2))
          .until(() -> namespace.kubectl().attempt("", wait).status() == 0);
    }
  }

  /** Those of these kinds that are stubs. */
  Set<String> of(List<Kind> kinds) {
    return kinds.stream()
        .filter(stubbed::contains)
        .map(Kind::kind)
        .collect(Collectors.toCollection(TreeSet::new));
  }

  /** Or a plural that is not made by adding an s would be taken for a missing kind. */
  private static boolean isBuiltIn(Kind kind) {
    return kind.group().endsWith(".k8s.io") && !kind.group().equals("gateway.networking.k8s.io");
  }

  private static String definition(Kind kind) {
    return """
    apiVersion: apiextensions.k8s.io/v1
    kind: CustomResourceDefinition
    metadata:
      name: %s
      annotations:
        api-approved.kubernetes.io: unapproved, a stub for tests
    spec:
      group: %s
      scope: Namespaced
      names: {plural: %s, singular: %s, kind: %s}
      versions:
        - name: %s
          served: true
          storage: true
          schema:
            openAPIV3Schema: {type: object, x-kubernetes-preserve-unknown-fields: true}
    """
        .formatted(
            kind.definition(),
            kind.group(),
            kind.plural(),
            kind.kind().toLowerCase(Locale.ROOT),
            kind.kind(),
            kind.version());
  }

  @Override
  public void close() throws IOException, InterruptedException {
    for (Kind kind : stubbed) {
      namespace.run("delete", "crd", kind.definition(), "--wait=false");
    }
  }
}
