package dev.slipstream.models.catalog;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.jspecify.annotations.Nullable;

/** A lock among all processes, and all threads of this one, that share a cache directory. */
final class ProcessLock implements AutoCloseable {

  private static final long POLL_MILLIS = 100;

  private final FileChannel channel;
  private final FileLock lock;

  private ProcessLock(FileChannel channel, FileLock lock) {
    this.channel = channel;
    this.lock = lock;
  }

  /**
   * Waits until the lock is free.
   *
   * @param onWait called once if somebody else holds it
   */
  static ProcessLock acquire(Path file, Runnable onWait) throws IOException, InterruptedException {
    Files.createDirectories(file.getParent());
    FileChannel channel =
        FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
    try {
      boolean told = false;
      for (FileLock lock = attempt(channel); ; lock = attempt(channel)) {
        if (lock != null) {
          return new ProcessLock(channel, lock);
        }
        if (!told) {
          onWait.run();
          told = true;
        }
        Thread.sleep(POLL_MILLIS);
      }
    } catch (IOException | InterruptedException | RuntimeException e) {
      channel.close();
      throw e;
    }
  }

  private static @Nullable FileLock attempt(FileChannel channel) throws IOException {
    try {
      return channel.tryLock();
    } catch (OverlappingFileLockException e) {
      return null; // another thread of this process holds it
    }
  }

  @Override
  public void close() throws IOException {
    lock.release();
    channel.close();
  }
}
