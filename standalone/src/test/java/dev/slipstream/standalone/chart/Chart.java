package dev.slipstream.standalone.chart;

import static org.assertj.core.api.Assertions.assertThat;

import com.marcnuri.helm.Helm;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ParameterContext;
import org.junit.jupiter.api.extension.ParameterResolver;
import org.opentest4j.TestAbortedException;
import org.springframework.util.FileSystemUtils;

/**
 * The Helm chart of this repository, rendered by Helm itself, which is a library here. Tests are
 * skipped where there is no such library for the platform.
 */
public final class Chart implements AutoCloseable {
  public static final String RELEASE = "slip";
  public static final String NAMESPACE = "inference";

  /** Of the values file that has no name of its own. */
  static final String DEFAULT = "default";

  private final Path scratch;
  private final Path directory;
  private final Map<List<String>, Manifest> rendered = new ConcurrentHashMap<>();

  private Chart(Path scratch) {
    this.scratch = scratch;
    this.directory = scratch.resolve("slipstream");
  }

  /** Gives tests the chart as a parameter. */
  public static final class Extension implements BeforeAllCallback, ParameterResolver {
    @Override
    public void beforeAll(ExtensionContext context) {
      try {
        Helm.version().call();
      } catch (LinkageError | IllegalStateException e) {
        throw new TestAbortedException("skipped: Helm is no library on this platform: " + e);
      }
    }

    private static Chart chart(ExtensionContext context) {
      return context
          .getRoot()
          .getStore(ExtensionContext.Namespace.create(Chart.class))
          .computeIfAbsent("chart", key -> Chart.open(), Chart.class);
    }

    @Override
    public boolean supportsParameter(ParameterContext parameter, ExtensionContext context) {
      return parameter.getParameter().getType() == Chart.class;
    }

    @Override
    public Object resolveParameter(ParameterContext parameter, ExtensionContext context) {
      return chart(context);
    }
  }

  /**
   * A copy, because the library takes every cluster for a Kubernetes 1.20, and renders no hooks:
   * here they are ordinary objects.
   */
  private static Chart open() {
    try {
      Path source = source();
      Chart chart = new Chart(Files.createTempDirectory("slipstream-chart"));
      try (Stream<Path> files = Files.walk(source)) {
        for (Path file : files.toList()) {
          Files.copy(file, chart.directory.resolve(source.relativize(file).toString()));
        }
      }
      chart.drop("Chart.yaml", "kubeVersion: .*\\R");
      chart.drop("templates/tests/chat.yaml", " *helm.sh/hook: test\\R");
      return chart;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private void drop(String file, String line) throws IOException {
    String text = Files.readString(directory.resolve(file));
    String rest = text.replaceFirst("(?m)^" + line, "");
    assertThat(rest).as(file + " without " + line).isNotEqualTo(text);
    Files.writeString(directory.resolve(file), rest);
  }

  /** Where the chart lies in this repository. */
  static Path source() {
    for (Path at = Path.of("").toAbsolutePath(); at != null; at = at.getParent()) {
      Path chart = at.resolve("helm/slipstream");
      if (Files.exists(chart.resolve("Chart.yaml"))) {
        return chart;
      }
    }
    throw new AssertionError("helm/slipstream is not above " + Path.of("").toAbsolutePath());
  }

  /** The names of the values files: {@code default} and the X of each {@code values-X.yaml}. */
  static List<String> valuesFiles() {
    try (Stream<Path> files = Files.list(source())) {
      return Stream.concat(
              Stream.of(DEFAULT),
              files
                  .map(file -> file.getFileName().toString())
                  .filter(name -> name.matches("values-.+\\.yaml"))
                  .map(name -> name.substring("values-".length(), name.length() - 5))
                  .sorted())
          .toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /**
   * What Helm makes of the chart.
   *
   * @param yaml values that differ from the defaults
   * @throws IllegalStateException with Helm's message, if it refuses
   */
  public Manifest render(String yaml) {
    return render(DEFAULT, yaml);
  }

  /**
   * @param valuesFile one of {@link #valuesFiles}
   * @param yaml values that differ from those in the file
   */
  Manifest render(String valuesFile, String yaml) {
    return rendered.computeIfAbsent(
        List.of(valuesFile, yaml), values -> renderAnew(valuesFile, yaml));
  }

  private Manifest renderAnew(String valuesFile, String yaml) {
    try {
      var command = new Helm(directory).template().withName(RELEASE).withNamespace(NAMESPACE);
      if (!valuesFile.equals(DEFAULT)) {
        command.withValuesFile(directory.resolve("values-" + valuesFile + ".yaml"));
      }
      if (!yaml.isBlank()) {
        Path file = Files.createTempFile(scratch, "values", ".yaml");
        command.withValuesFile(Files.writeString(file, yaml));
      }
      return Manifest.parse(command.call());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** What Helm says after an installation. */
  String notes(String yaml) {
    try {
      var command =
          new Helm(directory)
              .install()
              .clientOnly()
              .dryRun()
              .withName(RELEASE)
              .withNamespace(NAMESPACE);
      Path file = Files.writeString(Files.createTempFile(scratch, "values", ".yaml"), yaml);
      String output = command.withValuesFile(file).call().getOutput();
      return output.substring(output.indexOf("NOTES:"));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  Path directory() {
    return directory;
  }

  @Override
  public void close() {
    FileSystemUtils.deleteRecursively(scratch.toFile());
  }
}
