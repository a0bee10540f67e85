package dev.slipstream.models.catalog;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.slipstream.models.catalog.FakeHub.Mishap;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@Tag("slow")
class HubModelsTest {

  private static final String REFERENCE = "hf:acme/tiny:q8_0";
  private static final byte[] MODEL = bytes(300_000, 1);

  @TempDir private Path home;
  private FakeHub hub;
  private final Notes notes = new Notes();

  private static final class Notes implements ProgressListener {
    final List<String> notes = new ArrayList<>();
    volatile long done;

    @Override
    public void progress(String what, long done, long total) {
      this.done = done;
    }

    @Override
    public synchronized void note(String message) {
      notes.add(message);
    }
  }

  @BeforeEach
  void start() throws IOException {
    hub = new FakeHub().file("tiny-Q4_K_M.gguf", bytes(500, 2)).file("tiny-Q8_0.gguf", MODEL);
  }

  @AfterEach
  void stop() {
    hub.close();
  }

  @Test
  void aModelIsFetchedVerifiedAndThenFoundWithoutTheHub() throws Exception {
    ResolvedModel model = resolver().resolve(REFERENCE, notes);

    assertThat(model.file()).hasBinaryContent(MODEL);
    assertThat(model.sha256()).isEqualTo(FakeHub.sha256(MODEL));
    assertThat(model.id()).isEqualTo("acme/tiny:q8_0");
    assertThat(model.licence()).contains("apache-2.0");
    assertThat(notes.done).isEqualTo(MODEL.length);

    int requests = hub.seen.size();
    assertThat(resolver(true).resolve(REFERENCE, notes)).isEqualTo(model);
    assertThat(hub.seen).hasSize(requests);
    assertThat(resolver().cachedHubModels()).extracting(ResolvedModel::file).contains(model.file());
  }

  @Test
  void withoutAQuantisationQ4KMIsChosenOrElseTheFirstFile() throws Exception {
    assertThat(resolver().resolve("hf:acme/tiny", notes).file().getFileName())
        .hasToString("tiny-Q4_K_M.gguf");

    hub.close();
    hub = new FakeHub().file("b-Q6_K.gguf", bytes(10, 3)).file("a-Q5_K.gguf", bytes(10, 4));
    assertThat(resolver().resolve("hf:acme/other", notes).file().getFileName())
        .hasToString("a-Q5_K.gguf");
  }

  @Test
  void aQuantisationThatIsNotThereIsRefusedNamingThoseThatAre() {
    assertThatThrownBy(() -> resolver().resolve("hf:acme/tiny:Q4_K", notes))
        .isInstanceOf(ModelUnavailableException.class)
        .hasMessageContaining("no file for 'Q4_K'")
        .hasMessageContaining("tiny-Q8_0.gguf");
  }

  @Test
  void partsOfASplitModelAreRefused() {
    hub.file("big-Q2_K-00001-of-00003.gguf", bytes(10, 5));
    assertThatThrownBy(() -> resolver().resolve("hf:acme/tiny:Q2_K", notes))
        .hasMessageContaining("big-Q2_K-00001-of-00003.gguf")
        .hasMessageContaining("split");
  }

  @Test
  void aCutConnectionGoesOnWhereItEnded() throws Exception {
    hub.mishaps.add(new Mishap.CutAfter(100_000));
    hub.mishaps.add(new Mishap.CutAfter(50_000));

    assertThat(resolver().resolve(REFERENCE, notes).file()).hasBinaryContent(MODEL);
    assertThat(hub.downloads()).hasSize(3);
    long second = resumedAt(1);
    assertThat(second).isBetween(1L, 100_000L);
    assertThat(resumedAt(2)).isBetween(second + 1, second + 50_000);
  }

  /** Where a download went on; what was on its way when the connection was cut may be lost. */
  private long resumedAt(int download) {
    String range = hub.downloads().get(download).range();
    assertThat(range).matches("bytes=\\d+-");
    return Long.parseLong(range.substring("bytes=".length(), range.length() - 1));
  }

  @Test
  void aDownloadThatWasGivenUpIsContinuedByTheNextRun() throws Exception {
    hub.mishaps.add(new Mishap.CutAfter(120_000));
    hub.mishaps.addAll(List.of(status(503), status(503), status(503)));
    assertThatThrownBy(() -> resolver().resolve(REFERENCE, notes)).hasMessageContaining("503");

    assertThat(resolver().resolve(REFERENCE, notes).file()).hasBinaryContent(MODEL);
    assertThat(resumedAt(hub.downloads().size() - 1)).isBetween(1L, 120_000L);
  }

  @Test
  void aSilentConnectionCountsAsCut() throws Exception {
    hub.mishaps.add(new Mishap.StallAfter(70_000));
    assertThat(resolver().resolve(REFERENCE, notes).file()).hasBinaryContent(MODEL);
    assertThat(hub.downloads()).hasSize(2);
  }

  @Test
  void aServerWithoutRangesStartsOver() throws Exception {
    hub.mishaps.add(new Mishap.CutAfter(100_000));
    hub.mishaps.add(new Mishap.IgnoreRange());
    assertThat(resolver().resolve(REFERENCE, notes).file()).hasBinaryContent(MODEL);
  }

  @Test
  void aFileWithAnotherDigestIsRemovedAndNamed() throws Exception {
    String other = "ab".repeat(32);
    hub.stateDigest("tiny-Q8_0.gguf", other);
    assertThatThrownBy(() -> resolver().resolve(REFERENCE, notes))
        .isInstanceOf(ModelUnavailableException.class)
        .hasMessageContaining(other)
        .hasMessageContaining(FakeHub.sha256(MODEL));
    assertThat(filesOf("tiny-Q8_0.gguf")).isEmpty();
  }

  @Test
  void theDamagedRestOfAnEarlierRunDoesNotSpoilTheNext() throws Exception {
    hub.mishaps.add(new Mishap.CutAfter(120_000));
    hub.mishaps.addAll(List.of(status(503), status(503), status(503)));
    assertThatThrownBy(() -> resolver().resolve(REFERENCE, notes)).hasMessageContaining("503");
    Path part = filesOf("tiny-Q8_0.gguf").getFirst();
    Files.write(part, bytes(90_000, 9));

    assertThat(resolver().resolve(REFERENCE, notes).file()).hasBinaryContent(MODEL);
  }

  @Test
  void aBusyHubIsAskedAgain() throws Exception {
    hub.mishaps.add(new Mishap.Status(429, "0"));
    hub.mishaps.add(status(500));
    assertThat(resolver().resolve(REFERENCE, notes).file()).hasBinaryContent(MODEL);
    assertThat(notes.notes).anyMatch(n -> n.contains("429")).anyMatch(n -> n.contains("500"));
  }

  @Test
  void refusalsAreExplainedAndNotRepeated() {
    hub.answerListsWith(401);
    assertThatThrownBy(() -> resolver().resolve(REFERENCE, notes))
        .hasMessageContaining("401")
        .hasMessageContaining("HF_TOKEN")
        .hasMessageContaining("from " + hub.uri() + ":")
        .hasMessageContaining("HF_ENDPOINT");
    hub.answerListsWith(404);
    assertThatThrownBy(() -> resolver().resolve(REFERENCE, notes))
        .hasMessageContaining("404")
        .hasMessageContaining("no such repository");
    assertThat(hub.seen).hasSize(2);
  }

  @Test
  void theTokenIsSentToTheHubAndNotToItsStorage() throws Exception {
    try (FakeHub storage = new FakeHub().file("tiny-Q8_0.gguf", MODEL)) {
      hub.redirectTo(storage);
      assertThat(resolver().resolve(REFERENCE, notes).file()).hasBinaryContent(MODEL);
      assertThat(hub.seen).allMatch(s -> "Bearer secret".equals(s.authorization()));
      assertThat(storage.seen).hasSize(1).allMatch(s -> s.authorization() == null);
    }
  }

  @Test
  void pullNoticesThatTheRevisionHasMoved() throws Exception {
    resolver().resolve(REFERENCE, notes);
    byte[] newer = bytes(2_000, 7);
    hub.file("tiny-Q8_0.gguf", newer);

    assertThat(resolver().resolve(REFERENCE, notes).file()).hasBinaryContent(MODEL);
    assertThat(resolver().refresh(REFERENCE, notes).file()).hasBinaryContent(newer);
    assertThat(resolver().resolve(REFERENCE, notes).file()).hasBinaryContent(newer);
  }

  @Test
  void twoWhoWantTheSameFileFetchItOnce() throws Exception {
    var bothReady = new CountDownLatch(2);
    Callable<ResolvedModel> fetch =
        () -> {
          ModelResolver resolver = resolver();
          bothReady.countDown();
          bothReady.await();
          return resolver.resolve(REFERENCE, ProgressListener.SILENT);
        };
    try (var executor = Executors.newFixedThreadPool(2)) {
      for (var result : executor.invokeAll(List.of(fetch, fetch))) {
        assertThat(result.get().file()).hasBinaryContent(MODEL);
      }
    }
    assertThat(hub.downloads()).hasSize(1);
  }

  @Test
  void offlineAModelThatIsNotInTheCacheIsRefused() {
    assertThatThrownBy(() -> resolver(true).resolve(REFERENCE, notes))
        .isInstanceOf(ModelUnavailableException.class)
        .hasMessageContaining("SLIPSTREAM_OFFLINE");
    assertThat(hub.seen).isEmpty();
  }

  private ModelResolver resolver() {
    return resolver(false);
  }

  private ModelResolver resolver(boolean offline) {
    var retry = new CatalogSettings.Retry(3, Duration.ofMillis(1), Duration.ofSeconds(1));
    return new ModelResolver(
        new CatalogSettings(
            new CacheDirectory(home), offline, hub.uri(), Optional.of("secret"), retry));
  }

  private List<Path> filesOf(String name) throws IOException {
    try (Stream<Path> all = Files.walk(home)) {
      return all.filter(f -> f.getFileName().toString().startsWith(name)).toList();
    }
  }

  private static Mishap status(int code) {
    return new Mishap.Status(code, "0");
  }

  private static byte[] bytes(int count, long seed) {
    byte[] bytes = new byte[count];
    new Random(seed).nextBytes(bytes);
    return bytes;
  }
}
