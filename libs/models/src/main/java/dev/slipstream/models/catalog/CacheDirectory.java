package dev.slipstream.models.catalog;

import java.nio.file.Path;
import java.util.Map;
import java.util.Objects;

/**
 * The one directory that everything Slipstream writes goes under.
 *
 * @param root absolute path; need not exist yet
 */
public record CacheDirectory(Path root) {

  public CacheDirectory {
    root = root.toAbsolutePath().normalize();
  }

  /**
   * {@code SLIPSTREAM_HOME}, else {@code XDG_CACHE_HOME/slipstream}, else {@code
   * ~/.cache/slipstream}. Empty variables count as absent.
   */
  public static CacheDirectory of(Map<String, String> environment) {
    String own = environment.getOrDefault("SLIPSTREAM_HOME", "");
    if (!own.isBlank()) {
      return new CacheDirectory(Path.of(own));
    }
    String xdg = environment.getOrDefault("XDG_CACHE_HOME", "");
    Path caches =
        xdg.isBlank()
            ? Path.of(Objects.requireNonNullElse(System.getProperty("user.home"), "."), ".cache")
            : Path.of(xdg);
    return new CacheDirectory(caches.resolve("slipstream"));
  }

  /** The directory of this process's environment. */
  public static CacheDirectory ofEnvironment() {
    return of(System.getenv());
  }

  /** Model files: {@code models/<catalogue id>/<file>} and {@code models/hf/<org>/<name>/...}. */
  public Path models() {
    return root.resolve("models");
  }

  /** Entries that the user adds to the catalogue. */
  public Path userCatalog() {
    return root.resolve("models.yaml");
  }

  /** Remembered SHA-256 digests of files. */
  public Path digests() {
    return root.resolve("digests");
  }

  /** Models' weights in the layout of the kernels; private to the user. */
  public Path packed() {
    return root.resolve("packed");
  }

  /** Files that processes lock while they fetch a model. */
  public Path locks() {
    return root.resolve("locks");
  }

  /** Log files of services that run as processes of their own. */
  public Path logs() {
    return root.resolve("logs");
  }

  /** Scratch space for downloads; emptied by whoever uses it. */
  public Path temporary() {
    return root.resolve("tmp");
  }
}
