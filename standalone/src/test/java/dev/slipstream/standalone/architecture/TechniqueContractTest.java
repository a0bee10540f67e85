package dev.slipstream.standalone.architecture;

import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaPackage;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import dev.slipstream.standalone.architecture.toylookup.ToyLookupConfig;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Whether every technique can be read about, measured, configured in one place, and taken out. */
class TechniqueContractTest {
  private static final String PAGE = "docs/techniques/toy-lookup.md";
  private static final String BENCHMARK =
      "benchmarks/src/main/java/dev/slipstream/benchmarks/toylookup/ToyBenchmark.java";
  private static final String GOOD_PAGE =
      """
      *Toy, package `%s`. Lossless: none.*
      <!-- begin configuration: generated, see CONTRIBUTING -->
      | key | default | |
      |---|---|---|
      | `reach` | 3 | a number |
      <!-- end configuration -->
      """
          .formatted(ToyLookupConfig.class.getPackageName());

  @TempDir private Path repository;

  @Test
  void everyTechniqueKeepsIt() {
    TechniqueContract contract = new TechniqueContract(Repository.root());
    List<JavaPackage> techniques = Techniques.all();
    assertThat(techniques)
        .isNotEmpty()
        .allSatisfy(technique -> assertThat(contract.faults(technique)).isEmpty());
    assertThat(contract.strayPages(techniques)).isEmpty();
  }

  @Test
  void aTechniqueWithPageAndBenchmarkKeepsIt() throws IOException {
    write(PAGE, GOOD_PAGE);
    write(BENCHMARK, "@Benchmark");
    assertThat(faults()).isEmpty();
  }

  @Test
  void oneWithNeitherIsToldOfBoth() {
    assertThat(faults())
        .containsExactly(
            "there is no " + PAGE,
            "there is no benchmark in benchmarks/src/main/java/dev/slipstream/benchmarks/toylookup");
  }

  @Test
  void aPageStatesThePackageTheEffectAndTheConfiguration() throws IOException {
    write(PAGE, "# Toy lookup\n");
    write(BENCHMARK, "@Benchmark");
    assertThat(faults())
        .hasSize(3)
        .anyMatch(fault -> fault.contains("package `" + ToyLookupConfig.class.getPackageName()))
        .anyMatch(fault -> fault.contains("Lossless: none"))
        .anyMatch(fault -> fault.contains("begin configuration"));
  }

  @Test
  void defaultsHaveOnePlace() throws IOException {
    write(PAGE, GOOD_PAGE + "| `reach` | 4 | |\n");
    write(BENCHMARK, "@Benchmark");
    write("helm/values.yaml", "toyLookup:\n  reach: 4\n");
    write("kv/defaults.properties", "slipstream.kv.toy-lookup.reach=4\n");
    assertThat(faults())
        .hasSize(3)
        .anyMatch(fault -> fault.endsWith("values.yaml sets toy-lookup"))
        .anyMatch(fault -> fault.endsWith("defaults.properties sets toy-lookup"))
        .anyMatch(fault -> fault.endsWith("toy-lookup.md has defaults by hand"));
  }

  @Test
  void aPageWithoutItsTechniqueIsFound() throws IOException {
    write("docs/techniques/gone.md", "# Gone\n");
    assertThat(new TechniqueContract(repository).strayPages(List.of(toy())))
        .containsExactly("gone.md");
  }

  private List<String> faults() {
    return new TechniqueContract(repository).faults(toy());
  }

  private static JavaPackage toy() {
    return new ClassFileImporter()
        .importPackagesOf(ToyLookupConfig.class)
        .getPackage(ToyLookupConfig.class.getPackageName());
  }

  private void write(String file, String text) throws IOException {
    Path path = repository.resolve(file);
    Files.createDirectories(path.getParent());
    Files.writeString(path, text);
  }
}
