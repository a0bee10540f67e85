package dev.slipstream.models.catalog;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FileDigestsTest {

  @TempDir private Path home;

  @Test
  void aFileIsReadOnceAsLongAsItLooksTheSame() throws Exception {
    Path file = Files.writeString(home.resolve("model"), "one");
    var digests = new FileDigests(home.resolve("digests"));
    String one = digests.sha256(file);
    assertThat(one).isEqualTo(FakeHub.sha256("one".getBytes()));

    // Same size and time: the remembered digest shows that the file was not read again.
    FileTime time = Files.getLastModifiedTime(file);
    Files.writeString(file, "two");
    Files.setLastModifiedTime(file, time);
    assertThat(new FileDigests(home.resolve("digests")).sha256(file)).isEqualTo(one);

    Files.setLastModifiedTime(file, FileTime.fromMillis(time.toMillis() + 1));
    assertThat(digests.sha256(file)).isEqualTo(FakeHub.sha256("two".getBytes()));
  }

  @Test
  void aDirectoryThatCannotBeWrittenCostsOnlyTheMemory() throws Exception {
    Path file = Files.writeString(home.resolve("model"), "one");
    Path blocked = Files.writeString(home.resolve("blocked"), "a file, not a directory");
    assertThat(new FileDigests(blocked).sha256(file)).isEqualTo(FakeHub.sha256("one".getBytes()));
  }
}
