package dev.slipstream.standalone.flow;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.slipstream.proto.v1.GenerateRequest;
import dev.slipstream.standalone.flow.Flow.Answer;
import dev.slipstream.standalone.suite.ProcessSuite;
import dev.slipstream.standalone.suite.Service;
import io.grpc.ManagedChannel;
import java.nio.file.Path;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/** Whoever breaks this makes answers depend on services that only make them faster. */
@Tag("suite")
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class FaultTest {
  private static final int TOKENS = 96;

  /** A text that goes on as it has gone so far, so that drafts of it are accepted. */
  private static final String REPEATING =
      "one two three four one two three four one two three four one two";

  private ProcessSuite suite;
  private ManagedChannel channel;

  @BeforeAll
  void start(@TempDir Path home) throws Exception {
    suite = ProcessSuite.start(Flow.settings(home, Map.of()), message -> {});
    channel = Flow.connect(suite.grpcAddress().orElseThrow());
  }

  @AfterAll
  void stop() {
    if (suite != null) {
      channel.shutdownNow();
      suite.close();
    }
  }

  @Test
  void anAnswerWhoseDraftServiceIsKilledIsCompletedUnchanged() {
    awaitDrafts();
    Answer undisturbed = Flow.ask(channel, request(REPEATING, true));
    Answer disturbed = askAndKill(Service.DRAFT, request(REPEATING, true));
    assertThat(disturbed.ids()).hasSize(TOKENS).isEqualTo(undisturbed.ids());
    assertThat(disturbed.speculation().getState()).isEqualTo("off");
    assertThat(disturbed.speculation().getReason()).contains("draft stream", "UNAVAILABLE");
    // Nobody has to be told that it is back.
    awaitDrafts();
  }

  @Test
  void anAnswerWhoseKvServiceIsKilledIsCompletedUnchanged() {
    Answer undisturbed = Flow.ask(channel, request(REPEATING, false));
    Answer disturbed = askAndKill(Service.KV, request(REPEATING, false));
    assertThat(disturbed.ids()).hasSize(TOKENS).isEqualTo(undisturbed.ids());
    Answer next = Flow.ask(channel, request("Without kv-service, prefixes are", false));
    assertThat(next.ids()).hasSize(TOKENS);
  }

  @Test
  void aTargetThatWasKilledFindsItsPrefixesAtKvServiceAgain() {
    GenerateRequest request = request("The harbour was quiet. " + REPEATING, false);
    Answer before = Flow.ask(channel, request);
    // A kv-service that another test has killed may not be back yet, and have nothing.
    await()
        .atMost(Flow.PATIENCE)
        .until(
            () -> {
              kill(Service.TARGET);
              Answer after = askOnceItIsBack(request);
              assertThat(after.ids()).isEqualTo(before.ids());
              return after.usage().getRemoteCachedTokens() > 0;
            });
  }

  private Answer askOnceItIsBack(GenerateRequest request) {
    return await()
        .atMost(Flow.PATIENCE)
        .ignoreExceptions()
        .until(() -> Flow.ask(channel, request), Objects::nonNull);
  }

  private static GenerateRequest request(String text, boolean speculation) {
    return Flow.text(text, TOKENS)
        .setIgnoreEos(true)
        .setSpeculation(Flow.speculation(speculation))
        .build();
  }

  private void awaitDrafts() {
    await()
        .atMost(Flow.PATIENCE)
        .until(() -> Flow.ask(channel, request(REPEATING, true)).speculation().getAccepted() > 0);
  }

  private Answer askAndKill(Service service, GenerateRequest request) {
    AtomicBoolean killed = new AtomicBoolean();
    return Flow.ask(
        channel,
        request,
        tokens -> {
          if (tokens >= 4 && killed.compareAndSet(false, true)) {
            assertThat(tokens).isLessThan(TOKENS / 2);
            kill(service);
          }
        });
  }

  private void kill(Service service) {
    ProcessHandle process = ProcessHandle.of(suite.pid(service)).orElseThrow();
    process.destroyForcibly();
    process.onExit().join();
  }
}
