package dev.slipstream.models.catalog;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Optional;
import java.util.concurrent.CancellationException;

/**
 * SHA-256 digests of files, remembered by path, size and modification time, so that a model of
 * several gigabytes is not read twice at every start. A directory that cannot be written costs the
 * memory, not the answer.
 */
public final class FileDigests {

  private final Path directory;

  /**
   * @param directory where digests are kept; made when the first one is
   */
  public FileDigests(Path directory) {
    this.directory = directory;
  }

  /** The digests of the user's cache directory. */
  public static FileDigests ofEnvironment() {
    return new FileDigests(CacheDirectory.ofEnvironment().digests());
  }

  /**
   * The file's digest: remembered, or computed and then remembered.
   *
   * @return 64 lower-case hexadecimal digits
   * @throws CancellationException if the thread was interrupted while a file was read
   */
  public String sha256(Path file) throws IOException {
    Stamp stamp = Stamp.of(file);
    Optional<String> known = recall(stamp);
    if (known.isPresent()) {
      return known.get();
    }
    String digest = compute(file);
    remember(stamp, digest);
    return digest;
  }

  /** Reads the whole file. */
  static String compute(Path file) throws IOException {
    MessageDigest sha = sha256();
    byte[] buffer = new byte[1 << 18];
    try (InputStream in = Files.newInputStream(file)) {
      for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
        sha.update(buffer, 0, n);
        if (Thread.currentThread().isInterrupted()) {
          throw new CancellationException("reading " + file + " was interrupted");
        }
      }
    }
    return HexFormat.of().formatHex(sha.digest());
  }

  private Optional<String> recall(Stamp stamp) {
    try {
      String[] line = Files.readString(note(stamp)).strip().split(" ", 2);
      boolean valid = line.length == 2 && line[0].length() == 64 && line[1].equals(stamp.text());
      return valid ? Optional.of(line[0]) : Optional.empty();
    } catch (IOException e) {
      return Optional.empty();
    }
  }

  private void remember(Stamp stamp, String digest) {
    try {
      Files.createDirectories(directory);
      Path draft = Files.createTempFile(directory, "digest", ".tmp");
      Files.writeString(draft, digest + " " + stamp.text() + "\n");
      Files.move(draft, note(stamp), StandardCopyOption.ATOMIC_MOVE);
    } catch (IOException e) {
      // Only the time saved at the next start is lost.
    }
  }

  private Path note(Stamp stamp) {
    byte[] name = sha256().digest(stamp.path().toString().getBytes(StandardCharsets.UTF_8));
    return directory.resolve(HexFormat.of().formatHex(name, 0, 16));
  }

  private static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("Every Java platform has SHA-256.", e);
    }
  }

  /** What must be the same for a remembered digest to hold. */
  private record Stamp(Path path, long size, long modifiedNanos) {
    static Stamp of(Path file) throws IOException {
      Path real = file.toRealPath();
      BasicFileAttributes a = Files.readAttributes(real, BasicFileAttributes.class);
      var modified = a.lastModifiedTime().toInstant();
      long nanos = modified.getEpochSecond() * 1_000_000_000L + modified.getNano();
      return new Stamp(real, a.size(), nanos);
    }

    String text() {
      return size + " " + modifiedNanos + " " + path;
    }
  }
}
