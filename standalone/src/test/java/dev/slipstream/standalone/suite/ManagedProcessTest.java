package dev.slipstream.standalone.suite;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

@DisabledOnOs(OS.WINDOWS)
class ManagedProcessTest {

  @TempDir private Path home;
  private final BlockingQueue<String> messages = new LinkedBlockingQueue<>();

  @Test
  void aProcessThatIsKilledIsStartedAgainAndOneThatIsStoppedIsNot() throws Exception {
    var process =
        new ManagedProcess(
            "draft", List.of("sleep", "1000"), home.resolve("draft.log"), messages::add);
    long first = process.pid();
    ProcessHandle.of(first).orElseThrow().destroyForcibly();

    assertThat(next()).contains("draft (pid " + first + ") ended with code 137", "draft.log");
    assertThat(next()).contains("started again");
    long second = process.pid();
    assertThat(second).isNotEqualTo(first);

    process.stop(Duration.ofSeconds(10));
    assertThat(ProcessHandle.of(second).map(ProcessHandle::isAlive).orElse(false)).isFalse();
    assertThat(messages).isEmpty();
  }

  @Test
  void aProcessThatDoesNotEndWhenAskedIsMadeTo() throws Exception {
    var process =
        new ManagedProcess(
            "target",
            List.of("sh", "-c", "trap '' TERM; while :; do sleep 1; done"),
            home.resolve("target.log"),
            messages::add);
    process.stop(Duration.ofMillis(200));
    assertThat(process.isAlive()).isFalse();
    assertThat(messages).isEmpty();
  }

  private String next() throws InterruptedException {
    String message = messages.poll(30, TimeUnit.SECONDS);
    assertThat(message).isNotNull();
    return message;
  }
}
