package dev.slipstream.standalone.architecture;

import com.tngtech.archunit.core.domain.JavaPackage;
import dev.slipstream.standalone.docs.GeneratedBlock;
import dev.slipstream.technique.Technique;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.reflect.Constructor;
import java.lang.reflect.RecordComponent;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.springframework.boot.context.properties.bind.DataObjectPropertyName;

/**
 * What a technique owes to those who use, measure and remove it, besides what {@link
 * ArchitectureTest} forbids it: a page, a benchmark and one place of its defaults. Whether it has
 * figures of its own, only a suite that runs can tell.
 */
final class TechniqueContract {
  private final Path repository;

  TechniqueContract(Path repository) {
    this.repository = repository;
  }

  /** What is missing or too much, each with where. */
  List<String> faults(JavaPackage technique) {
    Technique about = Techniques.of(technique);
    String folder = technique.getName().replaceFirst(".*\\.", "");
    List<String> faults = new ArrayList<>();
    if (!about.name().matches("[a-z0-9]+(-[a-z0-9]+)*")
        || !about.name().replace("-", "").equals(folder)) {
      faults.add("package %s is not named after '%s'".formatted(technique.getName(), about.name()));
    }
    checkPage(technique.getName(), about, faults);
    checkBenchmark(folder, faults);
    checkConfiguration(technique.getName(), about.configuration(), faults);
    checkNoSecondPlaceOfDefaults(about, faults);
    return faults;
  }

  /** Pages that belong to none of these. */
  List<String> strayPages(List<JavaPackage> techniques) {
    List<String> known = techniques.stream().map(p -> Techniques.of(p).name() + ".md").toList();
    return files("docs/techniques", ".md")
        .map(page -> page.getFileName().toString())
        .filter(page -> !known.contains(page))
        .toList();
  }

  private void checkPage(String packageName, Technique about, List<String> faults) {
    String page = "docs/techniques/%s.md".formatted(about.name());
    if (!Files.exists(repository.resolve(page))) {
      faults.add("there is no " + page);
      return;
    }
    String text = read(repository.resolve(page));
    Stream.of(
            "package `" + packageName + "`",
            "Lossless: " + about.lossless().name().toLowerCase(Locale.ROOT),
            "<!-- begin configuration: generated")
        .filter(due -> !text.contains(due))
        .forEach(due -> faults.add("%s does not say '%s'".formatted(page, due)));
  }

  private void checkBenchmark(String name, List<String> faults) {
    String folder = "benchmarks/src/main/java/dev/slipstream/benchmarks/" + name;
    if (files(folder, ".java").noneMatch(file -> read(file).contains("@Benchmark"))) {
      faults.add("there is no benchmark in " + folder);
    }
  }

  private static void checkConfiguration(
      String packageName, Class<? extends Record> type, List<String> faults) {
    if (!type.getPackageName().equals(packageName)) {
      faults.add("%s lies outside of %s".formatted(type.getName(), packageName));
    }
    Class<?>[] components =
        Arrays.stream(type.getRecordComponents())
            .map(RecordComponent::getType)
            .toArray(Class<?>[]::new);
    try {
      Constructor<?> constructor = type.getDeclaredConstructor(components);
      constructor.setAccessible(true);
      constructor.newInstance(new Object[components.length]);
    } catch (ReflectiveOperationException | IllegalArgumentException e) {
      faults.add("%s has no defaults for components that are null".formatted(type.getName()));
    }
  }

  /** Neither files that set it nor tables that somebody has written. */
  private void checkNoSecondPlaceOfDefaults(Technique about, List<String> faults) {
    String together = about.name().replace("-", "");
    Pattern set = Pattern.compile("(?i)(%s|%s)[.:_]".formatted(about.name(), together));
    String keys =
        Arrays.stream(about.configuration().getRecordComponents())
            .map(component -> DataObjectPropertyName.toDashedForm(component.getName()))
            .collect(Collectors.joining("|"));
    Pattern row = Pattern.compile("(?m)^\\| *`([a-z.-]*\\.)?(%s)`".formatted(keys));
    Stream.of(".yaml", ".yml", ".properties")
        .flatMap(ending -> files(".", ending))
        .filter(file -> set.matcher(read(file)).find())
        .forEach(file -> faults.add("%s sets %s".formatted(file, about.name())));
    files("docs", ".md")
        .filter(file -> row.matcher(GeneratedBlock.writtenByHand(read(file))).find())
        .forEach(file -> faults.add("%s has defaults by hand".formatted(file)));
  }

  /** Those of the sources below a folder, which need not exist. */
  private Stream<Path> files(String folder, String ending) {
    Path root = repository.resolve(folder).normalize();
    if (!Files.isDirectory(root)) {
      return Stream.of();
    }
    try (Stream<Path> all = Files.walk(root)) {
      return all
          .filter(file -> file.toString().endsWith(ending))
          .filter(
              file -> !repository.relativize(file).toString().matches("(.*/)?(target|\\..*)/.*"))
          .toList()
          .stream();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static String read(Path file) {
    try {
      return Files.readString(file);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
