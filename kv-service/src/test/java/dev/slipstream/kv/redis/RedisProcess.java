package dev.slipstream.kv.redis;

import static org.awaitility.Awaitility.await;

import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.opentest4j.TestAbortedException;

/** A Redis or Valkey of this machine as a child process, which keeps nothing on disk. */
public final class RedisProcess implements AutoCloseable {
  private static final Duration PATIENCE = Duration.ofMinutes(2);

  private final int port;
  private final List<String> command;
  private Process process;

  private RedisProcess(int port, List<String> command) {
    this.port = port;
    this.command = command;
  }

  /** Starts one on a free port; without a server on the PATH the test is skipped. */
  public static RedisProcess start(String... options) {
    int port = freePort();
    return start(port, Stream.concat(Stream.of("--port", "" + port), Arrays.stream(options)));
  }

  /** One that speaks TLS only, with files as a test authority writes them. */
  public static RedisProcess startTls(Path certificates) {
    int port = freePort();
    return start(
        port,
        Stream.of(
                List.of("--port", "0", "--tls-port", "" + port, "--tls-auth-clients", "yes"),
                List.of("--tls-cert-file", certificates.resolve("tls.crt").toString()),
                List.of("--tls-key-file", certificates.resolve("tls.key").toString()),
                List.of("--tls-ca-cert-file", certificates.resolve("ca.crt").toString()))
            .flatMap(List::stream));
  }

  private static RedisProcess start(int port, Stream<String> options) {
    List<String> command = new ArrayList<>(List.of(binary().toString()));
    command.addAll(List.of("--bind", "127.0.0.1", "--save", "", "--appendonly", "no"));
    options.forEach(command::add);
    RedisProcess redis = new RedisProcess(port, command);
    redis.restart();
    return redis;
  }

  private static Path binary() {
    return Stream.of("valkey-server", "redis-server")
        .map(RedisProcess::onPath)
        .flatMap(Optional::stream)
        .findFirst()
        .orElseThrow(
            () ->
                new TestAbortedException(
                    "skipped: neither valkey-server nor redis-server is on the PATH (on Debian:"
                        + " apt-get install redis-server)"));
  }

  private static Optional<Path> onPath(String name) {
    return Arrays.stream(System.getenv("PATH").split(File.pathSeparator))
        .map(folder -> Path.of(folder, name))
        .filter(Files::isExecutable)
        .findFirst();
  }

  static int freePort() {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return socket.getLocalPort();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  public int port() {
    return port;
  }

  public String uri() {
    return "redis://127.0.0.1:" + port;
  }

  /** Starts it again, empty, where it was. */
  public void restart() {
    try {
      process =
          new ProcessBuilder(command)
              .directory(new File(System.getProperty("java.io.tmpdir")))
              .redirectErrorStream(true)
              .redirectOutput(ProcessBuilder.Redirect.DISCARD)
              .start();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    await().atMost(PATIENCE).until(() -> !process.isAlive() || listens());
    if (!process.isAlive()) {
      throw new IllegalStateException("Redis does not start: " + String.join(" ", command));
    }
  }

  private boolean listens() {
    try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
      return socket.isConnected();
    } catch (IOException e) {
      return false;
    }
  }

  /** SIGKILL: it has no time to say goodbye. */
  public void kill() {
    process.destroyForcibly().onExit().join();
  }

  /** It keeps its connections, and answers nothing. */
  void pause() {
    signal("-STOP");
  }

  void resume() {
    signal("-CONT");
  }

  private void signal(String name) {
    run("kill", name, Long.toString(process.pid()));
  }

  /** What the command line client prints. */
  String cli(String... arguments) {
    List<String> all = new ArrayList<>();
    Path server = binary();
    String client = server.getFileName().toString().replace("-server", "-cli");
    all.add(server.resolveSibling(client).toString());
    all.addAll(List.of("-h", "127.0.0.1", "-p", "" + port));
    all.addAll(List.of(arguments));
    return run(all.toArray(String[]::new));
  }

  private static String run(String... command) {
    try {
      Process run = new ProcessBuilder(command).redirectErrorStream(true).start();
      try (InputStream out = run.getInputStream()) {
        String text = new String(out.readAllBytes(), StandardCharsets.UTF_8).strip();
        if (run.waitFor() != 0) {
          throw new IllegalStateException(text);
        }
        return text;
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  @Override
  public void close() {
    kill();
  }
}
