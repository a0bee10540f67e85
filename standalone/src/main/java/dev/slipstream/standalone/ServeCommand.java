package dev.slipstream.standalone;

import dev.slipstream.models.catalog.CacheDirectory;
import dev.slipstream.standalone.suite.Suite;
import dev.slipstream.standalone.suite.SuiteConfiguration;
import dev.slipstream.standalone.suite.SuiteSettings;
import java.io.IOException;
import java.io.PrintWriter;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Runs the suite until it is told to stop. */
@Command(
    name = "serve",
    description = {
      "Serve a model over HTTP (OpenAI's API) and gRPC, until Ctrl-C.",
      "Any property of the services can be set by an environment variable too."
    })
final class ServeCommand implements Callable<Integer> {

  private static final Duration START_LIMIT = Duration.ofMinutes(10);

  private final Environment environment;
  @Spec private CommandSpec spec;
  @Mixin private ModelOption model;
  @Mixin private Threads threads;

  @Option(
      names = "--host",
      paramLabel = "ADDRESS",
      defaultValue = "127.0.0.1",
      description = "Address to listen on; 0.0.0.0 is all (default: ${DEFAULT-VALUE}).")
  private String host;

  @Option(
      names = "--port",
      paramLabel = "N",
      defaultValue = "8080",
      description = "HTTP port; 0 takes a free one (default: ${DEFAULT-VALUE}).")
  private int port;

  @Option(
      names = "--grpc-port",
      paramLabel = "N",
      defaultValue = "9090",
      description = "gRPC port; 0 takes a free one (default: ${DEFAULT-VALUE}).")
  private int grpcPort;

  @Option(
      names = "--topology",
      paramLabel = "WHERE",
      defaultValue = "embedded",
      description =
          "${COMPLETION-CANDIDATES}: all services in one JVM, or each in its own (default:"
              + " ${DEFAULT-VALUE}).")
  private Topology topology;

  ServeCommand(Environment environment) {
    this.environment = environment;
  }

  @Override
  public Integer call() throws Exception {
    requirePort("--port", port);
    requirePort("--grpc-port", grpcPort);
    threads.count();
    requireFree("--port", port);
    requireFree("--grpc-port", grpcPort);
    Logging.quiet();
    CacheDirectory home = environment.home();
    SuiteConfiguration configuration =
        SuiteConfiguration.check(topology.form(), environment.variables(), Map.of());
    PrintWriter err = spec.commandLine().getErr();
    var settings =
        new SuiteSettings(
            configuration,
            model.resolve(configuration, environment, err),
            threads.count(configuration),
            Optional.of(new SuiteSettings.Network(host, port, grpcPort)),
            home,
            Map.of());
    Logging.informative();
    try (Suite suite = topology.start(settings, this::say)) {
      SuiteReadiness.await(suite, START_LIMIT);
      announce(suite, settings);
      environment.stop().serveUntilTold();
      err.println("Stopping; answers under way may end ...");
    }
    return 0;
  }

  private void requirePort(String option, int value) {
    if (value < 0 || value > 65535) {
      throw new ParameterException(spec.commandLine(), option + " must be between 0 and 65535.");
    }
  }

  /** A better message, and before the model is fetched, than four contexts would give. */
  private void requireFree(String option, int value) throws UnknownHostException {
    try (var socket = new ServerSocket()) {
      socket.setReuseAddress(true);
      socket.bind(new InetSocketAddress(InetAddress.getByName(host), value));
    } catch (UnknownHostException e) {
      throw new UnknownHostException("--host " + host + " is no address of this machine.");
    } catch (IOException e) {
      throw new Errors.CommandFailedException(
          "%s %d of %s cannot be used (%s).".formatted(option, value, host, e.getMessage()));
    }
  }

  private void say(String message) {
    PrintWriter err = spec.commandLine().getErr();
    err.println(message);
    err.flush();
  }

  private void announce(Suite suite, SuiteSettings settings) {
    PrintWriter out = spec.commandLine().getOut();
    // A zone, as of fe80::1%eth0, is written with an escape in addresses (RFC 6874).
    String url = suite.httpAddress().orElseThrow().toString().replace("%", "%25");
    out.println();
    out.println("HTTP   " + url + "/v1");
    out.println("gRPC   " + suite.grpcAddress().orElseThrow());
    out.println("Model  " + settings.modelId() + " (" + settings.model().file() + ")");
    out.println("Cores  " + Cores.describe(settings.threads()));
    out.println();
    out.println(
        "curl -N "
            + url
            + "/v1/chat/completions -H 'Content-Type: application/json' -d '{\"model\": \""
            + settings.modelId()
            + "\", \"stream\": true, \"messages\": [{\"role\": \"user\", \"content\": \"What is"
            + " the capital of France?\"}]}'");
    out.println();
    out.flush();
  }
}
