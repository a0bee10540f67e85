package dev.slipstream.engine.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * The kernels in the tree are those of the template. {@code mvn -pl libs/engine -am test
 * -Dtest=KernelTemplateTest -Dslipstream.kernels.write=true} writes them anew.
 */
class KernelTemplateTest {
  private static final Path SOURCES =
      Path.of("src/main/java", KernelTemplate.class.getPackageName().replace('.', '/'));

  @ParameterizedTest
  @EnumSource
  void kernelsAreThoseOfTheTemplate(BlockSumKernels kernels) throws IOException {
    Path file = SOURCES.resolve(kernels.type + ".java");
    if (Boolean.getBoolean("slipstream.kernels.write")) {
      Files.writeString(file, kernels.source());
    }
    assertThat(Files.readString(file)).isEqualTo(kernels.source());
  }
}
