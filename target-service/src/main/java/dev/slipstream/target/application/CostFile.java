package dev.slipstream.target.application;

import dev.slipstream.engine.speculation.CostMeasurement;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Remembers what was measured of T(k), so that it is measured once per model and machine. A file
 * that cannot be read or written costs the time of a measurement, nothing else.
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

  /** What was kept, if it can still be believed. */
  public Optional<CostMeasurement> read() {
    try {
      CostMeasurement kept = CostMeasurement.parse(Files.readString(file));
      kept.objection().ifPresent(why -> log.info("{} is not believed: {}", file, why));
      return Optional.of(kept).filter(k -> k.objection().isEmpty());
    } catch (NoSuchFileException e) {
      return Optional.empty();
    } catch (IOException | IllegalArgumentException e) {
      log.info("{} cannot be used: {}", file, e.getMessage());
      return Optional.empty();
    }
  }

  /** The next start measures again. */
  void forget() {
    try {
      Files.deleteIfExists(file);
    } catch (IOException e) {
      log.info("{} holds a wrong T(k) and cannot be deleted", file);
    }
  }

  public void write(CostMeasurement measurement) {
    try {
      Files.createDirectories(file.getParent());
      Path draft = Files.createTempFile(file.getParent(), "cost", ".tmp");
      Files.writeString(draft, measurement.toText());
      Files.move(draft, file, StandardCopyOption.ATOMIC_MOVE);
    } catch (IOException e) {
      log.info("T(k) will be measured again at the next start: {} cannot be written", file);
    }
  }
}
