package dev.slipstream.engine.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Processes that do not agree would pack each other's weights again at every start. */
class LocalSecretTest {
  private static final int STARTS = 8;

  @TempDir Path home;

  @RepeatedTest(50)
  void processesThatStartTogetherAgreeOnAKey() throws Exception {
    Path folder = home.resolve("packed");
    CyclicBarrier together = new CyclicBarrier(STARTS);
    Callable<byte[]> start =
        () -> {
          together.await();
          return LocalSecret.in(folder).authenticate(ByteBuffer.allocate(1));
        };
    Set<String> codes = new HashSet<>();
    try (ExecutorService threads = Executors.newFixedThreadPool(STARTS)) {
      for (Future<byte[]> code : threads.invokeAll(Collections.nCopies(STARTS, start))) {
        codes.add(HexFormat.of().formatHex(code.get()));
      }
    }
    assertThat(codes).hasSize(1);
    try (Stream<Path> files = Files.list(folder)) {
      assertThat(files).containsExactly(folder.resolve(LocalSecret.FILE));
    }
  }

  /** Only an administrator's process gets as far: to others such a folder is closed. */
  @Test
  void aKeyOfTheFoldersOwnerIsNoneOfThisUsers() throws Exception {
    Path folder = Files.createDirectories(home.resolve("packed"));
    byte[] before = LocalSecret.in(folder).authenticate(ByteBuffer.allocate(1));
    assumeTrue(giveAway(folder) && giveAway(folder.resolve(LocalSecret.FILE)), "not as root");
    byte[] after = LocalSecret.in(folder).authenticate(ByteBuffer.allocate(1));
    assertThat(after).isNotEqualTo(before);
    assertThat(LocalSecret.in(folder).authenticate(ByteBuffer.allocate(1))).isEqualTo(after);
  }

  private static boolean giveAway(Path path) {
    try {
      Files.setOwner(
          path, path.getFileSystem().getUserPrincipalLookupService().lookupPrincipalByName("1234"));
      return true;
    } catch (IOException | UnsupportedOperationException e) {
      return false;
    }
  }
}
