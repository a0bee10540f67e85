package dev.slipstream.standalone;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** The script that users start, with a Java and a Maven that only note what they are asked for. */
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
        *-XX:AOTMode=record*)
          for option; do
            case "$option" in
              -XX:AOTConfiguration=*) echo x >"${option#*=}" ;;
            esac
          done ;;
        *-XX:AOTMode=create*)
          [ "$CREATES" = yes ] || exit 1
          for option; do
            case "$option" in
              -XX:AOTCache=*) echo x >"${option#*=}" ;;
            esac
          done ;;
      esac
      """;

  private static final String MAVEN =
      """
      #!/bin/sh
      printf 'mvn %s\\n' "$*" >>"$CALLS"
      mkdir -p standalone/target && touch standalone/target/standalone-1-exec.jar
      """;

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
    assertThat(run("yes", "chat", "x")).contains("Preparing faster starts");
    assertThat(calls()).last().asString().contains("-XX:AOTMode=create");

    assertThat(run("yes", "chat", "x")).isEmpty();
    assertThat(calls()).last().asString().startsWith("-XX:AOTCache=").endsWith(" chat x");
  }

  /** Each attempt costs a slow chat and half a minute after it. */
  @Test
  void whatCannotBePreparedIsSaidOnceAndNotTriedAgainWithThisBuild() throws Exception {
    assertThat(run("no", "chat", "x")).contains("Faster starts cannot be prepared here");
    int attempts = calls().size();

    assertThat(run("no", "chat", "x")).isEmpty();
    assertThat(calls()).hasSize(attempts + 1);
    assertThat(calls()).last().asString().doesNotContain("AOT").endsWith(" chat x");

    // Newer than the build.
    Files.delete(home.resolve("standalone/target/app/.built"));
    assertThat(run("yes", "chat", "x"))
        .contains("Preparing faster starts")
        .doesNotContain("cannot");
    assertThat(home.resolve("standalone/target/app/slipstream.aot")).exists();
  }

  private String run(String creates, String... arguments) throws Exception {
    List<String> command = new ArrayList<>(List.of(home.resolve("slipstream").toString()));
    command.addAll(List.of(arguments));
    Path err = home.resolve("err");
    ProcessBuilder builder =
        new ProcessBuilder(command)
            .directory(home.toFile())
            .redirectOutput(home.resolve("out").toFile())
            .redirectError(err.toFile());
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
                "CREATES",
                creates));
    builder.environment().remove("SLIPSTREAM_JAVA_OPTS");
    Process launcher = builder.start();
    try {
      assertThat(launcher.waitFor(60, TimeUnit.SECONDS)).isTrue();
      assertThat(launcher.exitValue()).as(Files.readString(err)).isZero();
    } finally {
      launcher.destroyForcibly();
    }
    return Files.readString(err);
  }

  private List<String> calls() throws IOException {
    return Files.readAllLines(home.resolve("calls"), StandardCharsets.UTF_8);
  }

  private void script(String path, String text) throws IOException {
    Path file = home.resolve(path);
    Files.createDirectories(file.getParent());
    Files.writeString(file, text);
    assertThat(file.toFile().setExecutable(true)).isTrue();
  }
}
