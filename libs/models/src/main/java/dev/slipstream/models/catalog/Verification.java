package dev.slipstream.models.catalog;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Compares what arrived with what was wanted. */
final class Verification {

  private Verification() {}

  /** A file that is not the one that was wanted. */
  static final class WrongFileException extends IOException {
    WrongFileException(String message) {
      super(message);
    }
  }

  /**
   * @throws WrongFileException naming both sizes or both digests
   */
  static void check(Path file, ModelSource.Wanted wanted) throws IOException {
    long size = Files.size(file);
    if (wanted.size() >= 0 && size != wanted.size()) {
      throw new WrongFileException(
          "the file has " + size + " bytes instead of " + wanted.size() + " and was removed");
    }
    if (wanted.sha256().isPresent()) {
      String digest = FileDigests.compute(file);
      if (!digest.equals(wanted.sha256().get())) {
        throw new WrongFileException(
            "the file's SHA-256 is "
                + digest
                + " instead of "
                + wanted.sha256().get()
                + "; it was removed");
      }
    }
  }
}
