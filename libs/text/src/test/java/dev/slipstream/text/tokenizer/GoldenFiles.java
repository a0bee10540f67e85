package dev.slipstream.text.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.slipstream.models.gguf.GgufFile;
import dev.slipstream.models.gguf.GgufMetadata;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * Expected results that an independent implementation has computed; tests that need them are
 * skipped, with the reason, where they are not there.
 */
public final class GoldenFiles {

  private static final String VARIABLE = "SLIPSTREAM_GOLDEN";
  private static final String MODEL_SHA256 = "b179c952";

  private GoldenFiles() {}

  public static Path folder() {
    Optional<Path> folder = find();
    assumeTrue(folder.isPresent(), "no golden files: set " + VARIABLE + " to their folder");
    return folder.get();
  }

  private static Optional<Path> find() {
    String given = System.getProperty(VARIABLE, System.getenv(VARIABLE));
    if (given != null) {
      return Optional.of(Path.of(given));
    }
    Stream<Path> parents =
        Stream.iterate(Path.of("").toAbsolutePath(), p -> p != null, Path::getParent);
    return parents
        .map(parent -> parent.resolve("shared").resolve("golden"))
        .filter(Files::isDirectory)
        .findFirst();
  }

  public static List<JsonNode> lines(String file) throws IOException {
    JsonMapper mapper = JsonMapper.shared();
    return Files.readAllLines(folder().resolve(file)).stream().map(mapper::readTree).toList();
  }

  public static int[] ids(JsonNode line) {
    return line.get("ids").valueStream().mapToInt(JsonNode::asInt).toArray();
  }

  public static GgufMetadata metadata(Path file) throws IOException {
    try (GgufFile gguf = GgufFile.open(file)) {
      return gguf.metadata();
    }
  }

  /** The model of the golden files, from the cache into which the launcher downloads it. */
  public static Path smollm2() throws Exception {
    String home = System.getenv("SLIPSTREAM_HOME");
    String cache = System.getenv("XDG_CACHE_HOME");
    Path base = cache != null ? Path.of(cache) : Path.of(System.getProperty("user.home"), ".cache");
    Path folder = home != null ? Path.of(home) : base.resolve("slipstream");
    Optional<Path> model = Optional.empty();
    if (Files.isDirectory(folder)) {
      try (Stream<Path> files = Files.walk(folder)) {
        model =
            files
                .filter(f -> f.getFileName().toString().matches("(?i)smollm2.*\\.gguf"))
                .findFirst();
      }
    }
    assumeTrue(model.isPresent(), "the default model is not in " + folder);
    byte[] hash = MessageDigest.getInstance("SHA-256").digest(Files.readAllBytes(model.get()));
    assertThat(HexFormat.of().formatHex(hash)).startsWith(MODEL_SHA256);
    return model.get();
  }
}
