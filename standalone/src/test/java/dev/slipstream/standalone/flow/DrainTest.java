package dev.slipstream.standalone.flow;

import static org.assertj.core.api.Assertions.assertThat;

import dev.slipstream.standalone.Main;
import dev.slipstream.standalone.flow.Flow.Answer;
import io.grpc.ManagedChannel;
import java.io.BufferedReader;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** Whoever breaks this cuts off answers whenever the suite is stopped or rolled over. */
@Tag("suite")
@DisabledOnOs(OS.WINDOWS)
class DrainTest {
  private static final int TOKENS = 64;
  private static final String LIMIT = "4m";

  @TempDir private Path home;

  @Test
  void serveLetsARunningAnswerFinishWhenItIsToldToEnd() throws Exception {
    Process serve = serve();
    try {
      ManagedChannel channel = Flow.connect(address(serve));
      AtomicBoolean told = new AtomicBoolean();
      Answer answer =
          Flow.ask(
              channel,
              Flow.text("Once upon a time", TOKENS).setIgnoreEos(true).build(),
              tokens -> {
                if (told.compareAndSet(false, true)) {
                  assertThat(tokens).isLessThan(TOKENS / 2);
                  serve.destroy();
                }
              });
      channel.shutdownNow();
      assertThat(answer.ids()).hasSize(TOKENS);
      assertThat(serve.waitFor(Flow.PATIENCE.toSeconds(), TimeUnit.SECONDS)).isTrue();
      assertThat(serve.exitValue()).as("that of a process ended by SIGTERM").isEqualTo(143);
    } finally {
      serve.destroyForcibly();
    }
  }

  private Process serve() throws Exception {
    List<String> command =
        List.of(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "--add-modules=jdk.incubator.vector",
            "--enable-native-access=ALL-UNNAMED",
            "-cp",
            System.getProperty("java.class.path"),
            Main.class.getName(),
            "serve",
            "--model=" + Flow.model().file(),
            "--port=0",
            "--grpc-port=0");
    var builder = new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.DISCARD);
    builder
        .environment()
        .putAll(
            Map.of(
                "SLIPSTREAM_HOME", home.toString(),
                // Limits are for answers that are too long, not for machines that are too busy.
                "SLIPSTREAM_TARGET_DRAINLIMIT", LIMIT,
                "SPRING_GRPC_SERVER_SHUTDOWN_GRACEPERIOD", LIMIT,
                "SPRING_LIFECYCLE_TIMEOUTPERSHUTDOWNPHASE", LIMIT));
    return builder.start();
  }

  /** What it announces once it is ready. */
  private static String address(Process serve) throws Exception {
    BufferedReader out = serve.inputReader();
    for (String line = out.readLine(); line != null; line = out.readLine()) {
      if (line.startsWith("gRPC ")) {
        return line.substring(5).strip();
      }
    }
    throw new AssertionError("serve ended with " + serve.waitFor());
  }
}
