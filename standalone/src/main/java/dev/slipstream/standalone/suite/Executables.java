package dev.slipstream.standalone.suite;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * How to start a service as a process: its own executable jar, as it goes into an image, or its
 * class on this JVM's class path where there are no such jars.
 *
 * @param repository with {@code <module>/target/<module>-<version>-exec.jar}
 */
record Executables(Optional<Path> repository) {

  private static final List<String> QUIET =
      List.of("--enable-native-access=ALL-UNNAMED", "--sun-misc-unsafe-memory-access=allow");

  /** As the launcher has them, which says why. */
  private static final List<String> COMPUTE =
      List.of(
          "-XX:-UseFPUForSpilling",
          "-Djdk.incubator.vector.VECTOR_ACCESS_OOB_CHECK=0",
          "--add-modules",
          "jdk.incubator.vector");

  private static final Pattern COLLECTOR = Pattern.compile("-XX:\\+Use\\w+GC\\b");

  /** The launcher says where the executables are. */
  static Executables ofLauncher() {
    return new Executables(
        Optional.ofNullable(System.getProperty("slipstream.repository")).map(Path::of));
  }

  /**
   * @param inherited variables that the process will have; a collector that they name stays
   */
  List<String> command(Service service, List<String> arguments, Map<String, String> inherited)
      throws IOException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(QUIET);
    if (service == Service.TARGET) {
      command.addAll(COMPUTE);
      if (!COLLECTOR.matcher(options(inherited)).find()) {
        command.add("-XX:+UseZGC");
      }
    }
    String own = inherited.getOrDefault("SLIPSTREAM_JAVA_OPTS", "").strip();
    if (!own.isEmpty()) {
      command.addAll(List.of(own.split("\\s+")));
    }
    if (repository.isPresent()) {
      command.addAll(List.of("-jar", jar(service).toString()));
    } else {
      command.addAll(
          List.of("-cp", System.getProperty("java.class.path"), service.application().getName()));
    }
    command.addAll(arguments);
    return command;
  }

  /** What a JVM reads from its environment, and what users give it. */
  private static String options(Map<String, String> inherited) {
    return Stream.of("JAVA_TOOL_OPTIONS", "JDK_JAVA_OPTIONS", "SLIPSTREAM_JAVA_OPTS")
        .map(name -> inherited.getOrDefault(name, ""))
        .collect(Collectors.joining(" "));
  }

  private Path jar(Service service) throws IOException {
    Path target = repository.orElseThrow().resolve(service.module()).resolve("target");
    try (DirectoryStream<Path> jars =
        Files.newDirectoryStream(target, service.module() + "-*-exec.jar")) {
      for (Path jar : jars) {
        return jar;
      }
    }
    throw new IOException("There is no executable jar in " + target + "; build Slipstream first.");
  }
}
