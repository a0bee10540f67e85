package dev.slipstream.standalone.flow;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.slipstream.standalone.Signals;
import dev.slipstream.target.TargetApplication;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Whoever breaks this has users wait for a model that they no longer want. */
@Tag("suite")
@DisabledOnOs(OS.WINDOWS)
class StopDuringLoadTest {
  /** Where a model is read, packed and measured, whoever needs it. */
  private static final String LOAD = "LanguageModel.load";

  /** It takes a second; busy machines take longer for everything. */
  private static final long LIMIT_SECONDS = 20;

  @TempDir private Path home;
  private Path model;

  @BeforeEach
  void write() throws IOException {
    model = LargeModel.write(Files.createDirectory(home.resolve("models")).resolve("large.gguf"));
  }

  @ParameterizedTest
  @CsvSource({
    "TERM, 143, serve --port 0 --grpc-port 0 --model",
    "INT, 130, serve --port 0 --grpc-port 0 --model"
  })
  void aStopIsObeyedWhileAModelIsLoaded(String signal, int status, String line) throws Exception {
    assumeTrue(signal.equals("TERM") || Signals.interruptsAreHeard(), "skipped: SIGINT is ignored");
    String[] arguments = (line + " " + model).split(" ");
    try (CommandProcess command = CommandProcess.start(home, Map.of(), arguments)) {
      awaitIn(command, LOAD);
      List<ProcessHandle> children = command.descendants();
      String before = command.err();
      command.signal(signal);
      assertThat(command.status(LIMIT_SECONDS)).as(command.err()).isEqualTo(status);
      assertThat(command.err().substring(before.length())).doesNotContain("\tat ", "Exception");
      assertThat(command.err().substring(before.length()).lines()).hasSizeLessThanOrEqualTo(1);
      children.forEach(
          child ->
              child
                  .onExit()
                  .orTimeout(LIMIT_SECONDS, java.util.concurrent.TimeUnit.SECONDS)
                  .join());
    }
    assertNothingHalfWritten();
  }

  @ParameterizedTest
  @CsvSource({"TERM, 143", "INT, 130"})
  void aTargetAloneObeysWhileItLoads(String signal, int status) throws Exception {
    assumeTrue(signal.equals("TERM") || Signals.interruptsAreHeard(), "skipped: SIGINT is ignored");
    try (CommandProcess target =
        CommandProcess.start(
            home,
            Map.of(),
            TargetApplication.class,
            "--server.port=0",
            "--spring.grpc.server.port=0",
            "--slipstream.target.model=" + model)) {
      awaitIn(target, LOAD);
      target.signal(signal);
      assertThat(target.status(LIMIT_SECONDS)).as(target.out()).isEqualTo(status);
      assertThat(target.out() + target.err()).doesNotContain("\tat ", "Exception");
    }
    assertNothingHalfWritten();
  }

  @ParameterizedTest
  @CsvSource({"TERM, 143", "INT, 130"})
  void aStoppedRewriteLeavesNothing(String signal, int status) throws Exception {
    assumeTrue(signal.equals("TERM") || Signals.interruptsAreHeard(), "skipped: SIGINT is ignored");
    Path out = home.resolve("models/small.gguf");
    try (CommandProcess quantize =
        CommandProcess.start(
            home, Map.of(), "quantize", model.toString(), out.toString(), "q4_k")) {
      awaitIn(quantize, "Quantizer.write");
      quantize.signal(signal);
      assertThat(quantize.status(LIMIT_SECONDS)).isEqualTo(status);
      assertThat(quantize.err()).contains(out + " was not written").doesNotContain("\tat ");
    }
    assertNothingHalfWritten();
  }

  private static void awaitIn(CommandProcess command, String method) {
    await()
        .atMost(Duration.ofMinutes(3))
        .pollInterval(Duration.ofMillis(100))
        .until(
            () -> {
              assertThat(command.isAlive()).as(command.err()).isTrue();
              return command.isIn(method);
            });
  }

  /** Packed weights are there as a whole, or not at all; downloads and rewrites likewise. */
  private void assertNothingHalfWritten() throws IOException {
    try (var files = Files.walk(home)) {
      assertThat(files.map(file -> file.getFileName().toString()))
          .noneMatch(name -> name.endsWith(".tmp") || name.endsWith(".part"));
    }
    try (var files = Files.list(model.getParent())) {
      assertThat(files).containsExactly(model);
    }
  }
}
