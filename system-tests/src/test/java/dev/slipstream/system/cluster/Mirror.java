package dev.slipstream.system.cluster;

import dev.slipstream.system.Hub;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.springframework.util.FileSystemUtils;

/**
 * A mirror of the Hub inside the cluster, so that init containers fetch the model as they would
 * from the Hub. Its pod is of the standalone image, which can also tell what the model answers with
 * no network in between.
 */
final class Mirror {
  private final Namespace namespace;
  private final Hub hub;

  private Mirror(Namespace namespace, Hub hub) {
    this.namespace = namespace;
    this.hub = hub;
  }

  static Mirror start(Namespace namespace, Images images) throws IOException, InterruptedException {
    namespace.apply(manifest(images));
    namespace.run("wait", "pod/mirror", "--for=condition=Ready", "--timeout=5m");
    Hub hub = Hub.ofModel();
    Path directory = Files.createTempDirectory("slipstream-mirror");
    try {
      Path listing = directory.resolve(Hub.LISTING);
      Files.createDirectories(listing.getParent());
      Files.writeString(listing, hub.listing());
      Path file = directory.resolve(hub.file());
      Files.createDirectories(file.getParent());
      Files.createSymbolicLink(file, hub.model());
      namespace
          .kubectl()
          .pipe(
              new ProcessBuilder("tar", "-C", directory.toString(), "-ch", "api", "slipstream"),
              "exec",
              "--stdin",
              "mirror",
              "--",
              "tar",
              "-C",
              "/models",
              "-x");
    } finally {
      FileSystemUtils.deleteRecursively(directory);
    }
    return new Mirror(namespace, hub);
  }

  /** The greedy answer of the suite in one process. */
  String answer(String question, int tokens) throws IOException, InterruptedException {
    return namespace.run(
        "exec",
        "mirror",
        "--",
        "/opt/slipstream/run",
        "-jar",
        "/app/slipstream.jar",
        "chat",
        "--model=file:/models/" + hub.file(),
        "--max-tokens=" + tokens,
        question);
  }

  private static String manifest(Images images) {
    return """
    apiVersion: v1
    kind: Service
    metadata:
      name: hub
    spec:
      selector: {app: mirror}
      ports: [{port: 8000}]
    ---
    apiVersion: v1
    kind: Pod
    metadata:
      name: mirror
      labels: {app: mirror}
    spec:
      automountServiceAccountToken: false
      securityContext:
        runAsNonRoot: true
        runAsUser: 10001
        runAsGroup: 10001
        fsGroup: 10001
        seccompProfile: {type: RuntimeDefault}
      containers:
        - name: mirror
          image: %s
          imagePullPolicy: IfNotPresent
          command: [python3, -m, http.server, "8000", --directory, /models]
          securityContext:
            allowPrivilegeEscalation: false
            capabilities: {drop: [ALL]}
          resources:
            requests: {cpu: 10m, memory: 256Mi}
            limits: {cpu: 1, memory: 1536Mi}
          readinessProbe:
            tcpSocket: {port: 8000}
            periodSeconds: 1
          volumeMounts:
            - {name: models, mountPath: /models}
            - {name: tmp, mountPath: /tmp}
      volumes:
        - {name: models, emptyDir: {}}
        - {name: tmp, emptyDir: {}}
    """
        .formatted(images.name("standalone"));
  }
}
