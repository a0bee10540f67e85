package dev.slipstream.standalone.suite;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * What computes is started in several places. One that lacks an option of the launcher's computes
 * slower, or prints warnings of the JVM into answers, and no other test would show it.
 */
class JvmOptionsTest {
  private static final String LOG_OPTION = "-Xlog:disable";
  private static final String COLLECTOR = "-XX:+UseZGC";

  /** Of the function that starts what computes, without what is only for this checkout. */
  private static List<String> ofLauncher() throws IOException {
    String text = read("slipstream").replace("\\\n", " ");
    String command = find("java_suite\\(\\) \\{.*?set -- (.*?) -jar ", text).getFirst();
    List<String> options = options(command);
    options.removeIf(option -> option.startsWith("-Dslipstream.") || option.startsWith("${"));
    assertThat(options).as("the launcher's options").hasSizeGreaterThan(3);
    return options;
  }

  @ParameterizedTest
  @ValueSource(strings = {"target", "standalone"})
  void anImageThatComputesHasTheLaunchersOptions(String image) throws IOException {
    String text = read("Dockerfile");
    List<String> options =
        options(find("<<'EOT' /app/java.options\n(.*?)\nEOT\n", text).getFirst());
    String stage = find("\nFROM runtime AS " + image + "\n(.*?)(?:\nFROM |$)", text).getFirst();
    for (String line : find("RUN printf '%s\\\\n' ([^>]*) >>/app/java.options", stage)) {
      options.addAll(options(line));
    }
    assertThat(options).containsAll(ofLauncher());
    assertThat(stage).contains("echo " + COLLECTOR + " >/app/java.collector");
    assertThat(read("slipstream")).contains(COLLECTOR);
  }

  /** Their output goes into a file, so that the JVM may say there what it has to say. */
  @Test
  void aTargetInAProcessOfItsOwnHasTheLaunchersOptions() throws IOException {
    List<String> command =
        new Executables(Optional.empty())
            .command(Service.TARGET, List.of("--server.port=0"), Map.of());
    String options = String.join(" ", command.subList(1, command.indexOf("-cp")));
    List<String> expected = ofLauncher();
    expected.remove(LOG_OPTION);
    expected.add(COLLECTOR);
    assertThat(options(options)).containsExactlyInAnyOrderElementsOf(expected);
  }

  /** The JVM does not start with two. */
  @Test
  void aTargetInAProcessOfItsOwnHasTheCollectorThatItsEnvironmentNames() throws IOException {
    Map<String, String> inherited = Map.of("JAVA_TOOL_OPTIONS", "-Xmx2g -XX:+UseSerialGC");
    assertThat(new Executables(Optional.empty()).command(Service.TARGET, List.of(), inherited))
        .noneMatch(option -> option.endsWith("GC"));
  }

  /** Or they would measure other machine code than users run. */
  @Test
  void benchmarksRunWithTheLaunchersOptions() throws IOException {
    List<String> compute = ofLauncher();
    compute.removeIf(
        option ->
            option.equals(LOG_OPTION)
                || option.startsWith("--enable-native")
                || option.startsWith("--sun-misc"));
    String flags = find("flags = \\[(.*?)\\]", read("benchmarks/operations.py")).getFirst();
    assertThat(options(flags.replace("\"", "").replace(",", ""))).isEqualTo(compute);
    try (var files = Files.walk(file("benchmarks/src"))) {
      for (Path file : files.filter(f -> f.toString().endsWith("Benchmark.java")).toList()) {
        for (String fork : find("(?s)jvmArgsAppend = (.*?)\\)\n", Files.readString(file))) {
          assertThat(options(fork.replaceAll("[\",{}]", " "))).as("%s", file).containsAll(compute);
        }
      }
    }
  }

  /** Each as one word. */
  private static List<String> options(String text) {
    List<String> options = new ArrayList<>();
    for (String word : text.replace("\"", "").strip().split("\\s+")) {
      if (!options.isEmpty() && options.getLast().equals("--add-modules")) {
        options.set(options.size() - 1, "--add-modules=" + word);
      } else {
        options.add(word);
      }
    }
    return options;
  }

  private static List<String> find(String pattern, String text) {
    Matcher matcher = Pattern.compile(pattern, Pattern.DOTALL).matcher(text);
    return matcher.results().map((MatchResult match) -> match.group(1)).toList();
  }

  private static String read(String name) throws IOException {
    return Files.readString(file(name));
  }

  private static Path file(String name) {
    Path file = Path.of("..", name);
    assumeTrue(Files.exists(file), "skipped: there is no " + name + " beside the modules");
    return file;
  }
}
