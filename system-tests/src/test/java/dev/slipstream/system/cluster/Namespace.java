package dev.slipstream.system.cluster;

import java.io.IOException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * A namespace of its own in the cluster that kubectl finds, which takes no pods but those of the
 * restricted Pod Security level. It goes away with all that is in it.
 */
final class Namespace implements AutoCloseable {
  private static final JsonMapper JSON = new JsonMapper();
  private static final Tool KUBECTL = new Tool("kubectl");

  private final String name;
  private final Tool kubectl;
  private final Tool helm;

  private Namespace(String name) {
    this.name = name;
    this.kubectl = new Tool("kubectl", "--namespace", name);
    this.helm = new Tool("helm", "--namespace", name);
  }

  static Namespace create(String purpose) throws IOException, InterruptedException {
    String name = "slipstream-" + purpose + "-" + ProcessHandle.current().pid();
    KUBECTL.feed(
        """
        apiVersion: v1
        kind: Namespace
        metadata:
          name: %s
          labels:
            pod-security.kubernetes.io/enforce: restricted
            pod-security.kubernetes.io/warn: restricted
        """
            .formatted(name),
        "create",
        "--filename=-");
    return new Namespace(name);
  }

  String name() {
    return name;
  }

  Tool kubectl() {
    return kubectl;
  }

  Tool helm() {
    return helm;
  }

  String run(String... arguments) throws IOException, InterruptedException {
    return kubectl.run(arguments);
  }

  void apply(String yaml) throws IOException, InterruptedException {
    kubectl.feed(yaml, "apply", "--filename=-");
  }

  JsonNode get(String... what) throws IOException, InterruptedException {
    String[] arguments = new String[what.length + 2];
    arguments[0] = "get";
    arguments[1] = "--output=json";
    System.arraycopy(what, 0, arguments, 2, what.length);
    return JSON.readTree(run(arguments));
  }

  /** What there is and what happened, for a message. */
  String state() throws IOException, InterruptedException {
    return run("get", "pods", "--output=wide")
        + "\n"
        + run("get", "events", "--sort-by=.lastTimestamp");
  }

  @Override
  public void close() throws IOException, InterruptedException {
    KUBECTL.run("delete", "namespace", name, "--wait=false");
  }
}
