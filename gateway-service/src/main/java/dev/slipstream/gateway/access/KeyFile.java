package dev.slipstream.gateway.access;

import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps keys as a file says, one to a line, besides those that are configured otherwise. The file
 * is read again and again, as that also notices what file events miss: swapped links, as Kubernetes
 * updates a secret, and network file systems.
 */
public final class KeyFile implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(KeyFile.class);

  private final Path file;
  private final List<ApiKey> others;
  private final ApiKeys keys;
  private final ScheduledExecutorService reader =
      Executors.newSingleThreadScheduledExecutor(
          Thread.ofPlatform().name("key-file").daemon().factory());
  private @Nullable List<String> last;
  private String problem = "";

  private KeyFile(Path file, List<ApiKey> others, ApiKeys keys) {
    this.file = file;
    this.others = others;
    this.keys = keys;
  }

  /**
   * Reads the file now, and from then on whenever it has changed.
   *
   * @param others keys that are good besides the file's
   * @throws IllegalArgumentException if the file cannot be read or has a faulty line
   */
  public static KeyFile follow(Path file, Duration interval, List<ApiKey> others, ApiKeys keys) {
    KeyFile followed = new KeyFile(file, others, keys);
    try {
      followed.read();
    } catch (IOException e) {
      followed.close();
      throw new IllegalArgumentException("the file of API keys cannot be read: " + reason(e), e);
    } catch (IllegalArgumentException e) {
      followed.close();
      throw e;
    }
    long millis = interval.toMillis();
    followed.reader.scheduleWithFixedDelay(
        followed::readAgain, millis, millis, TimeUnit.MILLISECONDS);
    return followed;
  }

  private static String reason(IOException e) {
    return switch (e) {
      case NoSuchFileException _ -> "there is none";
      case AccessDeniedException _ -> "permission denied";
      case CharacterCodingException _ -> "it is not UTF-8";
      default -> String.valueOf(e.getMessage());
    };
  }

  private void readAgain() {
    try {
      read();
      problem = "";
    } catch (IOException | RuntimeException | Error e) {
      // Said once; the keys that were good stay good.
      if (!e.toString().equals(problem)) {
        problem = e.toString();
        log.error("the API keys stay as they were: {}", problem);
      }
    }
  }

  private void read() throws IOException {
    List<String> lines = Files.readAllLines(file);
    if (lines.equals(last)) {
      return;
    }
    List<ApiKey> all = new ArrayList<>(others);
    for (int i = 0; i < lines.size(); i++) {
      String line = withoutMark(lines.get(i), i).strip();
      if (!line.isEmpty() && !line.startsWith("#")) {
        all.add(parse(line, i + 1));
      }
    }
    keys.replace(all);
    last = lines;
    log.info(
        "{} API keys in use, {} of them from {}", all.size(), all.size() - others.size(), file);
  }

  /** Editors of Windows begin a file in UTF-8 with a byte order mark. */
  private static String withoutMark(String line, int index) {
    return index == 0 && line.startsWith("\uFEFF") ? line.substring(1) : line;
  }

  private ApiKey parse(String line, int number) {
    try {
      return ApiKey.parse(line);
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException(
          "%s, line %d: %s".formatted(file, number, e.getMessage()), e);
    }
  }

  @Override
  public void close() {
    reader.shutdownNow();
  }
}
