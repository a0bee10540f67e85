package dev.slipstream.standalone.architecture;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/** The checkout that the tests run in. */
public final class Repository {
  private Repository() {}

  public static Path root() {
    return Path.of("..").toAbsolutePath().normalize();
  }

  /** Names of the libraries: the folders in {@code libs}. */
  static List<String> libraries() {
    return modules(root().resolve("libs"));
  }

  /** Names of the services: those of their folders, without {@code -service}. */
  static List<String> services() {
    return modules(root()).stream()
        .filter(name -> name.endsWith("-service"))
        .map(name -> name.replace("-service", ""))
        .toList();
  }

  private static List<String> modules(Path folder) {
    try (Stream<Path> entries = Files.list(folder)) {
      return entries
          .filter(entry -> Files.exists(entry.resolve("pom.xml")))
          .map(entry -> entry.getFileName().toString())
          .sorted()
          .toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
