package dev.slipstream.engine.tensor;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFileAttributes;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.GeneralSecurityException;
import java.security.SecureRandom;
import java.util.Set;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/**
 * A random key that only processes of this user know: it tells what they wrote from what somebody
 * else has put in their place. It is kept in a folder that is made private to the user; who gives
 * processes a folder in common gives them a key in common.
 */
final class LocalSecret {
  /** Bytes of {@link #authenticate}'s result. */
  static final int CODE_BYTES = 32;

  static final String FILE = "key";

  private static final int KEY_BYTES = 32;
  private static final String ALGORITHM = "HmacSHA256";
  private static final Set<PosixFilePermission> OWNER_ONLY =
      PosixFilePermissions.fromString("rwx------");
  private static final Set<PosixFilePermission> OTHERS =
      PosixFilePermissions.fromString("---rwxrwx");

  private final SecretKeySpec key;

  private LocalSecret(byte[] key) {
    this.key = new SecretKeySpec(key, ALGORITHM);
  }

  /**
   * The secret of a folder, which is made if need be. A key that anybody else may have seen or
   * written is replaced.
   *
   * @throws IOException if the folder cannot be made private, because it belongs to somebody else
   *     or cannot be written, or if the key cannot be kept there
   */
  static LocalSecret in(Path folder) throws IOException {
    Files.createDirectories(folder);
    if (isPosix(folder)) {
      Files.setPosixFilePermissions(folder, OWNER_ONLY);
    }
    Path file = folder.resolve(FILE);
    // Readable by its owner only, from the start; and its owner is this process's user.
    Path draft = Files.createTempFile(folder, FILE, ".tmp");
    try {
      // Nothing is deleted where nothing was: another process may have made the key in between. Two
      // that replace the same bad key may end with two good ones, which costs packing once more.
      if (Files.exists(file, LinkOption.NOFOLLOW_LINKS) && !isUsable(file, draft)) {
        Files.deleteIfExists(file);
      }
      if (!Files.exists(file, LinkOption.NOFOLLOW_LINKS)) {
        create(file, draft);
      }
      return new LocalSecret(Files.readAllBytes(file));
    } finally {
      Files.deleteIfExists(draft);
    }
  }

  /** The HMAC-SHA256 of the remaining bytes, which only holders of the secret can make. */
  byte[] authenticate(ByteBuffer bytes) {
    try {
      Mac mac = Mac.getInstance(ALGORITHM);
      mac.init(key);
      mac.update(bytes.duplicate());
      return mac.doFinal();
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("every Java platform has " + ALGORITHM, e);
    }
  }

  private static boolean isUsable(Path file, Path own) throws IOException {
    try {
      if (!isPosix(file)) {
        return Files.size(file) == KEY_BYTES;
      }
      PosixFileAttributes a =
          Files.readAttributes(file, PosixFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
      return a.isRegularFile()
          && a.size() == KEY_BYTES
          && a.permissions().stream().noneMatch(OTHERS::contains)
          && a.owner().equals(Files.getOwner(own));
    } catch (NoSuchFileException e) {
      return false;
    }
  }

  /** Whole or not at all; whichever of several processes is first makes it for all. */
  private static void create(Path file, Path draft) throws IOException {
    byte[] key = new byte[KEY_BYTES];
    new SecureRandom().nextBytes(key);
    Files.write(draft, key);
    try {
      Files.createLink(file, draft);
    } catch (FileAlreadyExistsException e) {
      // Another process was faster.
    } catch (UnsupportedOperationException | FileSystemException e) {
      Files.move(draft, file, StandardCopyOption.ATOMIC_MOVE);
    }
  }

  private static boolean isPosix(Path path) {
    return path.getFileSystem().supportedFileAttributeViews().contains("posix");
  }
}
