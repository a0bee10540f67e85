package dev.slipstream.standalone;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The script that users start, with a Java and a Maven that only note what they are asked for. */
@Tag("suite")
@DisabledOnOs(OS.WINDOWS)
class LauncherTest {
  private static final String JAVA =
      """
      #!/bin/sh
      printf '%s\\n' "$*" >>"$CALLS"
      case "$*" in
        *-Djarmode=tools*)
          while [ "$1" != --destination ]; do shift; done
          mkdir -p "$2" && touch "$2/standalone-1.jar" ;;
        *-XX:AOTCacheOutput=*)
          [ "$CREATES" = yes ] || exit 1
          for option; do
            case "$option" in
              -XX:AOTCacheOutput=*) echo x >"${option#*=}" ;;
            esac
          done ;;
        *)
          for option; do
            case "$option" in
              -Dslipstream.answered=*) [ "${FAILS:-no}" = yes ] || : >"${option#*=}" ;;
            esac
          done
          [ -z "${JAVA_DOES:-}" ] || exec "$JAVA_DOES" "$@" ;;
      esac
      """;

  private static final String MAVEN =
      """
      #!/bin/sh
      printf 'mvn %s\\n' "$*" >>"$CALLS"
      mkdir -p standalone/target && touch standalone/target/standalone-1-exec.jar
      """;

  /** Renamed, so that whoever sees the file sees all of it. */
  private static final String WAITS =
      """
      #!/bin/sh
      echo $$ >"$HERE/waits" && mv "$HERE/waits" "$HERE/waiting"
      exec sleep 1000
      """;

  private static final String ECHOES =
      """
      #!/bin/sh
      while [ "$1" != models ]; do shift; done
      exec "$REAL_JAVA" -cp "$CLASSES" dev.slipstream.standalone.EchoMain "$@"
      """;

  private final Map<String, String> variables = new HashMap<>();

  @TempDir private Path home;

  @BeforeEach
  void install() throws IOException {
    Path launcher = Path.of("..", "slipstream");
    assumeTrue(Files.isRegularFile(launcher), "skipped: there is no launcher beside the modules");
    Files.copy(launcher, home.resolve("slipstream"));
    assertThat(home.resolve("slipstream").toFile().setExecutable(true)).isTrue();
    Files.writeString(home.resolve("pom.xml"), "<project/>");
    script("jdk/bin/java", JAVA);
    script("jdk/bin/javac", "#!/bin/sh\n");
    Files.writeString(home.resolve("jdk/release"), "JAVA_VERSION=\"25.0.1\"\n");
    script("bin/mvn", MAVEN);
  }

  @Test
  void aBuildThatNobodyWatchesHasNoColours() throws Exception {
    run("no", "models");
    assertThat(calls()).first().asString().startsWith("mvn ").contains("-Dstyle.color=never");
  }

  @Test
  void theFirstChatPreparesFasterStartsForTheNext() throws Exception {
    assertThat(run("yes", "chat", "x")).contains("Faster starts are prepared");
    awaitFile("standalone/target/app/slipstream.aot");

    assertThat(run("yes", "chat", "x")).isEmpty();
    assertThat(calls()).last().asString().startsWith("-XX:AOTCache=").endsWith(" chat x");
  }

  /** Each attempt costs a chat in the background. */
  @Test
  void whatCannotBePreparedIsSaidOnceAndNotTriedAgainWithThisBuild() throws Exception {
    run("no", "chat", "x");
    awaitFile("standalone/target/app/.aot-failed");
    int attempts = calls().size();

    assertThat(run("no", "chat", "x")).contains("Faster starts cannot be prepared here");
    assertThat(run("no", "chat", "x")).isEmpty();
    assertThat(calls()).hasSize(attempts + 2);
    assertThat(calls()).last().asString().doesNotContain("AOT").endsWith(" chat x");

    // Newer than the build.
    Files.delete(home.resolve("standalone/target/app/.built"));
    assertThat(run("yes", "chat", "x")).contains("are prepared").doesNotContain("cannot");
    awaitFile("standalone/target/app/slipstream.aot");
  }

  /** Or a model would be loaded in the background by a chat that its user has given up. */
  @Test
  void aChatThatDidNotAnswerIsNotRepeated() throws Exception {
    variables.put("FAILS", "yes");
    run("yes", "chat", "x");
    variables.remove("FAILS");
    run("yes", "chat", "x");
    awaitFile("standalone/target/app/slipstream.aot");
    assertThat(calls()).filteredOn(call -> call.contains("AOTCacheOutput")).hasSize(1);
  }

  /** A stop goes to the process that was started, and to nobody else. */
  @ParameterizedTest
  @CsvSource({"serve, TERM, 143", "pull, TERM, 143", "chat, TERM, 143", "bench, INT, 130"})
  void aCommandIsTheProcessThatWasStarted(String command, String signal, int status)
      throws Exception {
    assumeTrue(signal.equals("TERM") || Signals.interruptsAreHeard(), "skipped: SIGINT is ignored");
    variables.put("JAVA_DOES", script("bin/wait", WAITS).toString());
    Process launcher = launch("no", command);
    try {
      awaitFile("waiting");
      assertThat(Files.readString(home.resolve("waiting")).strip())
          .isEqualTo(Long.toString(launcher.pid()));
      Signals.send(signal, launcher);
      assertThat(launcher.waitFor(60, TimeUnit.SECONDS)).isTrue();
      assertThat(launcher.exitValue()).isEqualTo(status);
    } finally {
      launcher.destroyForcibly();
    }
  }

  @ParameterizedTest
  @CsvSource({"TERM, 143", "INT, 130"})
  void aStopEndsABuildAndTheNextBuildIsWhole(String signal, int status) throws Exception {
    assumeTrue(signal.equals("TERM") || Signals.interruptsAreHeard(), "skipped: SIGINT is ignored");
    script("bin/mvn", WAITS);
    Process launcher = launch("no", "models");
    try {
      awaitFile("waiting");
      long maven = Long.parseLong(Files.readString(home.resolve("waiting")).strip());
      Signals.send(signal, launcher);
      // Whoever waits for the launcher waits in vain if it waits for a build of minutes.
      assertThat(launcher.waitFor(60, TimeUnit.SECONDS)).isTrue();
      assertThat(launcher.exitValue()).isEqualTo(status);
      assertThat(ProcessHandle.of(maven).filter(ProcessHandle::isAlive)).isEmpty();
      assertThat(home.resolve("standalone/target/.build-lock")).doesNotExist();
    } finally {
      launcher.destroyForcibly();
    }
    script("bin/mvn", MAVEN);
    run("no", "models");
    assertThat(calls()).last().asString().endsWith(" models");
  }

  /** In cron, in a bare container, with a locale that is not installed, in one of another time. */
  @ParameterizedTest
  @ValueSource(
      strings = {"LC_ALL=POSIX", "LC_ALL=C", "LANG=C", "", "LANG=xx_XX.UTF-8", "LC_CTYPE=C"})
  void whateverTheLocaleIsTextAndPathsAreUtf8(String locale) throws Exception {
    List.of("LC_ALL", "LC_CTYPE", "LANG").forEach(name -> variables.put(name, ""));
    if (!locale.isEmpty()) {
      variables.put(locale.split("=")[0], locale.split("=")[1]);
    }
    String text = "Gr\u00fc\u00dfe \u65e5\u672c \ud83d\ude00";
    Path named = Files.writeString(home.resolve("m\u00fc.gguf"), "");
    variables.put("TEXT", text);
    variables.put("REAL_JAVA", Path.of(System.getProperty("java.home"), "bin", "java").toString());
    variables.put("CLASSES", EchoMain.classPath());
    variables.put("JAVA_DOES", script("bin/echo-java", ECHOES).toString());
    Files.writeString(home.resolve("in"), text + "\n");

    Process launcher = launch("no", "models", text, named.toString());
    assertThat(launcher.waitFor(60, TimeUnit.SECONDS)).isTrue();

    assertThat(Files.readAllLines(home.resolve("out")))
        .containsExactly(
            "argument models",
            "argument " + text,
            "argument " + named + " exists",
            "variable " + text,
            "input " + text);
  }

  private String run(String creates, String... arguments) throws Exception {
    Process launcher = launch(creates, arguments);
    try {
      assertThat(launcher.waitFor(60, TimeUnit.SECONDS)).isTrue();
      assertThat(launcher.exitValue()).as(Files.readString(home.resolve("err"))).isZero();
    } finally {
      launcher.destroyForcibly();
    }
    return Files.readString(home.resolve("err"));
  }

  private Process launch(String creates, String... arguments) throws IOException {
    List<String> command = new ArrayList<>(List.of(home.resolve("slipstream").toString()));
    command.addAll(List.of(arguments));
    Path in = home.resolve("in");
    ProcessBuilder builder =
        new ProcessBuilder(command)
            .directory(home.toFile())
            .redirectInput(Files.exists(in) ? in.toFile() : new File("/dev/null"))
            .redirectOutput(home.resolve("out").toFile())
            .redirectError(home.resolve("err").toFile());
    builder
        .environment()
        .putAll(
            Map.of(
                "JAVA_HOME",
                home.resolve("jdk").toString(),
                "PATH",
                home.resolve("bin") + ":" + System.getenv("PATH"),
                "CALLS",
                home.resolve("calls").toString(),
                "HERE",
                home.toString(),
                "CREATES",
                creates));
    builder.environment().remove("SLIPSTREAM_JAVA_OPTS");
    variables.forEach(builder.environment()::put);
    builder.environment().values().removeIf(String::isEmpty);
    return builder.start();
  }

  private void awaitFile(String name) {
    await()
        .atMost(Duration.ofMinutes(1))
        .untilAsserted(() -> assertThat(home.resolve(name)).exists());
  }

  private List<String> calls() throws IOException {
    return Files.readAllLines(home.resolve("calls"), StandardCharsets.UTF_8);
  }

  private Path script(String path, String text) throws IOException {
    Path file = home.resolve(path);
    Files.createDirectories(file.getParent());
    Files.writeString(file, text);
    assertThat(file.toFile().setExecutable(true)).isTrue();
    return file;
  }
}
