package dev.slipstream.standalone;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Two types with one name make every mention of it, and every search for it, ambiguous. */
class TypeNamesTest {

  @Test
  void noTwoTypesOfTheMainSourcesShareAName() throws IOException {
    Map<String, Set<Path>> folders = new TreeMap<>();
    for (Path source : mainSources()) {
      String name = source.getFileName().toString();
      if (!name.equals("package-info.java")) {
        folders.computeIfAbsent(name, n -> new TreeSet<>()).add(source.getParent());
      }
    }
    assertThat(folders)
        .as("of a service and of a library")
        .containsKeys("Main.java", "Tokenizer.java");
    folders.values().removeIf(places -> places.size() == 1);
    // Each service that hosts a technique has its wiring under the same name.
    folders.keySet().removeIf(name -> name.endsWith("Wiring.java"));
    assertThat(folders).as("names that several types have").isEmpty();
  }

  /** Of all modules: also of those that nothing on this class path needs. */
  private static List<Path> mainSources() throws IOException {
    List<Path> sources = new ArrayList<>();
    for (Path parent : List.of(Path.of(".."), Path.of("..", "libs"))) {
      try (Stream<Path> modules = Files.list(parent)) {
        for (Path module : modules.toList()) {
          Path main = module.resolve("src/main/java");
          if (Files.isDirectory(main)) {
            try (Stream<Path> files = Files.walk(main)) {
              files.filter(file -> file.toString().endsWith(".java")).forEach(sources::add);
            }
          }
        }
      }
    }
    return sources;
  }
}
