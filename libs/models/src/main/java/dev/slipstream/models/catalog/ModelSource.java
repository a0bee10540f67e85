package dev.slipstream.models.catalog;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;

/** A place that a model file can be fetched from. */
interface ModelSource {

  /**
   * What is known about the file beforehand.
   *
   * @param size in bytes, or -1
   * @param sha256 64 lower-case hexadecimal digits
   */
  record Wanted(String file, long size, Optional<String> sha256) {}

  /**
   * Fetches the file. It must be complete and have the wanted digest when this returns; whatever
   * fails leaves nothing at {@code destination}.
   *
   * @param destination the file to make; its directory exists
   * @throws IOException with one sentence for people
   */
  void fetch(Wanted wanted, Path destination, ProgressListener listener)
      throws IOException, InterruptedException;
}
