package dev.slipstream.engine.model;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * Finds the expected results of an independent implementation and the model they were made with.
 */
public final class GoldenFiles {
  private static final JsonMapper JSON = JsonMapper.builder().build();

  private GoldenFiles() {}

  /** The folder, from SLIPSTREAM_GOLDEN or beside the checkout. */
  public static Optional<Path> folder() {
    String named = System.getenv("SLIPSTREAM_GOLDEN");
    if (named != null) {
      return Optional.of(Path.of(named));
    }
    for (Path p = Path.of("").toAbsolutePath(); p != null; p = p.getParent()) {
      Path candidate = p.resolve("shared/golden");
      if (Files.isDirectory(candidate)) {
        return Optional.of(candidate);
      }
    }
    return Optional.empty();
  }

  /** The default model in the cache folder. */
  public static Optional<Path> defaultModel() {
    return cached("SmolLM2-135M-Instruct.Q4_1.gguf");
  }

  /** A file of this name somewhere in the cache folder. */
  public static Optional<Path> cached(String name) {
    String home = System.getenv("SLIPSTREAM_HOME");
    String xdg = System.getenv("XDG_CACHE_HOME");
    Path cache =
        home != null
            ? Path.of(home)
            : (xdg != null ? Path.of(xdg) : Path.of(System.getProperty("user.home"), ".cache"))
                .resolve("slipstream");
    if (!Files.isDirectory(cache)) {
      return Optional.empty();
    }
    try (var files = Files.walk(cache)) {
      return files.filter(f -> f.getFileName().toString().equals(name)).findFirst();
    } catch (IOException e) {
      return Optional.empty();
    }
  }

  public static List<JsonNode> lines(Path file) throws IOException {
    return Files.readAllLines(file).stream().map(JSON::readTree).toList();
  }

  public static int[] ints(JsonNode array) {
    int[] values = new int[array.size()];
    for (int i = 0; i < values.length; i++) {
      values[i] = array.get(i).asInt();
    }
    return values;
  }
}
