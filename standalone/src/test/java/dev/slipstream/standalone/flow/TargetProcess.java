package dev.slipstream.standalone.flow;

import dev.slipstream.standalone.suite.SuiteSettings;
import dev.slipstream.target.TargetApplication;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** A target in a process of its own, always at the same port, that can be hurt. */
final class TargetProcess implements AutoCloseable {
  private static final String LOOPBACK = "127.0.0.1";

  private final List<String> command;
  private final Path log;
  private final int port;
  private Process process;

  /**
   * @param properties further ones
   */
  TargetProcess(SuiteSettings settings, Map<String, String> properties, Path log)
      throws IOException {
    this.log = log;
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getByName(LOOPBACK))) {
      this.port = socket.getLocalPort();
    }
    this.command =
        new ArrayList<>(
            List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--add-modules=jdk.incubator.vector",
                "--enable-native-access=ALL-UNNAMED",
                "--sun-misc-unsafe-memory-access=allow",
                "-cp",
                System.getProperty("java.class.path"),
                TargetApplication.class.getName(),
                "--server.address=" + LOOPBACK,
                "--server.port=0",
                "--spring.grpc.server.address=" + LOOPBACK,
                "--spring.grpc.server.port=" + port,
                "--slipstream.target.model=" + settings.model().file(),
                "--slipstream.target.model-id=" + settings.model().id(),
                "--slipstream.target.threads=" + settings.threads().orElseThrow(),
                "--slipstream.target.cache-directory=" + settings.cache().root(),
                "--slipstream.target.kv-cache.size=96MB"));
    properties.forEach((key, value) -> command.add("--" + key + "=" + value));
    start();
  }

  void start() throws IOException {
    process =
        new ProcessBuilder(command)
            .redirectErrorStream(true)
            .redirectOutput(ProcessBuilder.Redirect.appendTo(log.toFile()))
            .start();
  }

  /** As the gateway's configuration names it. */
  String address() {
    return "static://" + LOOPBACK + ":" + port;
  }

  /** As {@code kill -9} does. */
  void kill() {
    process.destroyForcibly();
    process.onExit().join();
  }

  /** As Kubernetes does. */
  void terminate() {
    process.destroy();
    process.onExit().join();
  }

  void pause() {
    signal("-STOP");
  }

  void unpause() {
    signal("-CONT");
  }

  private void signal(String signal) {
    try {
      int code = new ProcessBuilder("kill", signal, Long.toString(process.pid())).start().waitFor();
      if (code != 0) {
        throw new AssertionError("kill " + signal + " ended with " + code);
      }
    } catch (IOException | InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  @Override
  public void close() {
    kill();
  }
}
