package dev.slipstream.standalone.architecture;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.contentOf;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** What helps a reader of the sources to find their way. */
class SourceTreeTest {
  private static final int MOST_COMPONENTS = 8;

  @Test
  void everyPackageSaysWhatItIsFor() throws IOException {
    try (Stream<Path> files = Files.walk(Repository.root())) {
      assertThat(
              files
                  .filter(file -> file.toString().matches(".*/src/main/java/.*[.]java"))
                  .map(Path::getParent)
                  .distinct()
                  .filter(folder -> !Files.exists(folder.resolve("package-info.java")))
                  .map(Repository.root()::relativize))
          .isEmpty();
    }
  }

  /** In others nothing is checked for null; fields of benchmarks are set by JMH. */
  @Test
  void everyPackageIsNullMarked() throws IOException {
    try (Stream<Path> files = Files.walk(Repository.root())) {
      assertThat(
              files
                  .filter(
                      file -> file.toString().matches(".*/src/main/java/.*/package-info[.]java"))
                  .filter(file -> !file.startsWith(Repository.root().resolve("benchmarks")))
                  .filter(file -> contentOf(file.toFile()).lines().noneMatch("@NullMarked"::equals))
                  .map(Repository.root()::relativize))
          .isEmpty();
    }
  }

  /** Nobody sees at a call which of nine numbers is which. */
  @Test
  void aRecordOfManyComponentsIsMadeOfParts() {
    assertThat(
            new ClassFileImporter()
                .withImportOption(new MainSources()).importPackages("dev.slipstream").stream()
                    .filter(JavaClass::isRecord)
                    .map(JavaClass::reflect)
                    .filter(type -> type.getRecordComponents().length > MOST_COMPONENTS)
                    .map(type -> type.getName().substring(type.getPackageName().length() + 1)))
        .isEmpty();
  }
}
