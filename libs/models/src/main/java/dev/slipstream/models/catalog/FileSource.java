package dev.slipstream.models.catalog;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;

/** Copies a file that is on this machine already: a mirror, or a mounted volume. */
record FileSource(Path path) implements ModelSource {

  @Override
  public void fetch(Wanted wanted, Path destination, ProgressListener listener) throws IOException {
    if (!Files.isRegularFile(path)) {
      throw new IOException("there is no file " + path);
    }
    Path draft = destination.resolveSibling(destination.getFileName() + ".copy");
    try {
      Files.copy(path, draft, StandardCopyOption.REPLACE_EXISTING);
      Verification.check(draft, wanted);
      Files.move(draft, destination, StandardCopyOption.REPLACE_EXISTING);
    } finally {
      Files.deleteIfExists(draft);
    }
    listener.progress(wanted.file(), Files.size(destination), Files.size(destination));
  }
}
