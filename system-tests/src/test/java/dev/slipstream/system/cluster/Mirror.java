package dev.slipstream.system.cluster;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import org.springframework.util.FileSystemUtils;
import tools.jackson.databind.json.JsonMapper;

/**
 * A mirror of the Hub inside the cluster with the one model that {@code slipstream.model} names, so
 * that init containers fetch it as they would from the Hub. Its pod is of the standalone image,
 * which can also tell what the model answers with no network in between.
 */
final class Mirror {
  static final String REFERENCE = "hf:slipstream/model";
  static final String ENDPOINT = "http://mirror:8000";

  private static final String MODEL = "slipstream/model";
  private static final String LISTING = "api/models/" + MODEL + "/revision/main";
  private static final JsonMapper JSON = new JsonMapper();

  private final Namespace namespace;
  private final String model;

  private Mirror(Namespace namespace, String model) {
    this.namespace = namespace;
    this.model = model;
  }

  static Mirror start(Namespace namespace, Images images, Path model)
      throws IOException, InterruptedException {
    namespace.apply(manifest(images));
    namespace.run("wait", "pod/mirror", "--for=condition=Ready", "--timeout=5m");
    String digest = sha256(model);
    String file = MODEL + "/resolve/" + digest + "/" + model.getFileName();
    Path directory = Files.createTempDirectory("slipstream-mirror");
    try {
      Path listing = directory.resolve(LISTING);
      Files.createDirectories(listing.getParent());
      Files.writeString(listing, listing(model, digest));
      Files.createDirectories(directory.resolve(file).getParent());
      Files.createSymbolicLink(directory.resolve(file), model.toAbsolutePath());
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
    return new Mirror(namespace, "/models/" + file);
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
        "--model=file:" + model,
        "--max-tokens=" + tokens,
        question);
  }

  /** As the Hub describes a repository. */
  private static String listing(Path model, String digest) throws IOException {
    var file = JSON.createObjectNode();
    file.put("rfilename", model.getFileName().toString());
    file.putObject("lfs").put("size", Files.size(model)).put("sha256", digest);
    var listing = JSON.createObjectNode();
    listing.put("sha", digest);
    listing.putArray("siblings").add(file);
    return listing.toString();
  }

  private static String sha256(Path file) throws IOException {
    try (var in =
        new DigestInputStream(Files.newInputStream(file), MessageDigest.getInstance("SHA-256"))) {
      in.transferTo(java.io.OutputStream.nullOutputStream());
      return HexFormat.of().formatHex(in.getMessageDigest().digest());
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError(e);
    }
  }

  private static String manifest(Images images) {
    return """
    apiVersion: v1
    kind: Service
    metadata:
      name: mirror
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
