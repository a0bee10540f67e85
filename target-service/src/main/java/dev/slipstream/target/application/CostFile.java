package dev.slipstream.target.application;

import dev.slipstream.engine.speculation.VerificationCost;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Remembers T(k), so that it is measured once per model and machine. A file that cannot be read or
 * written costs the time of a measurement, nothing else.
 */
public final class CostFile {
  private static final Logger log = LoggerFactory.getLogger(CostFile.class);

  private final Path file;

  /**
   * @param directory made when it is needed
   * @param modelDigest of the model file
   * @param threads that compute
   * @param hardware what else the speed depends on; any text
   */
  public CostFile(Path directory, String modelDigest, int threads, String hardware) {
    String place = hardware.replaceAll("[^A-Za-z0-9]+", "-");
    String name =
        "%s-%dt-%s.txt"
            .formatted(
                modelDigest.substring(0, Math.min(16, modelDigest.length())), threads, place);
    this.file = directory.resolve(name);
  }

  public Optional<VerificationCost> read() {
    try {
      return Optional.of(VerificationCost.parse(Files.readString(file)));
    } catch (IOException | IllegalArgumentException e) {
      return Optional.empty();
    }
  }

  /** The next start measures again. */
  public void forget() {
    try {
      Files.deleteIfExists(file);
    } catch (IOException e) {
      log.info("{} holds a wrong T(k) and cannot be deleted", file);
    }
  }

  public void write(VerificationCost cost) {
    try {
      Files.createDirectories(file.getParent());
      Path draft = Files.createTempFile(file.getParent(), "cost", ".tmp");
      Files.writeString(draft, cost.toText());
      Files.move(draft, file, StandardCopyOption.ATOMIC_MOVE);
    } catch (IOException e) {
      log.info("T(k) will be measured again at the next start: {} cannot be written", file);
    }
  }
}
