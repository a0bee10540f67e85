package dev.slipstream.engine.tensor;

import static java.nio.ByteOrder.LITTLE_ENDIAN;

import dev.slipstream.engine.kernel.KernelSelection;
import dev.slipstream.engine.runtime.ComputePool;
import dev.slipstream.models.catalog.CacheDirectory;
import dev.slipstream.models.catalog.FileDigests;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import java.util.function.Function;
import java.util.stream.Stream;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Packed weights in a file of the cache directory, so that the next start needs not pack them
 * again. It is named by the content of the model and authenticated (see {@link PackedFile}), in a
 * folder of this user alone: what anybody else wrote is not used but packed again. The file is read
 * into memory rather than mapped: only then do weights lie in huge pages, and only then does what
 * was checked stay as it was. It may be deleted at any time.
 */
public final class WeightCache {
  private static final Logger LOG = LoggerFactory.getLogger(WeightCache.class);

  private static final long MAGIC = 0x4b4341504c535631L;

  /** To be raised with every change to what matrices store. */
  private static final int VERSION = 5;

  /** Below, packing takes no time worth a file. */
  private static final long MIN_MODEL_BYTES = 16 << 20;

  /**
   * A digest is remembered for a file of the same size and time, which another file may have:
   * pieces of this size, all over the model, are looked at.
   */
  private static final int SAMPLE_BYTES = 4096;

  private static final int SAMPLES = 256;
  private static final String SUFFIX = ".packed";
  private static final String DRAFT_SUFFIX = ".tmp";

  /** What no start has used for so long is of a model that is gone, or has changed. */
  private static final Duration UNUSED = Duration.ofDays(30);

  /** A draft that nobody has written to for so long was left by a process that was killed. */
  private static final Duration ABANDONED = Duration.ofMinutes(10);

  private final Path model;
  private final CacheDirectory cache;
  private final Path folder;
  private final int lanes;
  private final long minModelBytes;

  /** Of the model when it was about to be opened. */
  private final Stamp stamp;

  /** Where the weights of a model lie, and what they must be. */
  private record Place(Path file, byte[] identity, LocalSecret secret) {}

  /** Tells a file from one that was put in its place. */
  private record Stamp(Object key, long size, FileTime time) {
    static Stamp of(Path file) throws IOException {
      var attributes = Files.readAttributes(file, BasicFileAttributes.class);
      return new Stamp(attributes.fileKey(), attributes.size(), attributes.lastModifiedTime());
    }
  }

  /**
   * @param model the file whose weights are packed; must not have been opened yet, or what is
   *     packed might be an older file
   */
  public WeightCache(Path model) throws IOException {
    this(model, CacheDirectory.ofEnvironment(), KernelSelection.kernels().lanes(), MIN_MODEL_BYTES);
  }

  WeightCache(Path model, CacheDirectory cache, int lanes, long minModelBytes) throws IOException {
    this.model = model;
    this.cache = cache;
    this.folder = cache.packed();
    this.lanes = lanes;
    this.minModelBytes = minModelBytes;
    this.stamp = Stamp.of(model);
  }

  private Optional<Place> place() {
    if (stamp.size() < minModelBytes) {
      return Optional.empty();
    }
    try {
      LocalSecret secret = LocalSecret.in(folder);
      String digest = new FileDigests(cache.digests()).sha256(model);
      Path file = folder.resolve(digest.substring(0, 32) + "-" + lanes + SUFFIX);
      Place place = new Place(file, identity(digest), secret);
      if (!Stamp.of(model).equals(stamp)) {
        throw new IOException(model + " has changed meanwhile");
      }
      return Optional.of(place);
    } catch (IOException e) {
      requireUninterrupted(e);
      LOG.info("Packed weights are neither read nor kept: {}", e.toString());
      return Optional.empty();
    }
  }

  /**
   * Builds something from packed weights: those of the file if it is there and fits, else freshly
   * packed ones, which are then kept in the file, if it can be written. A model that nobody has
   * looked at is read once from end to end, so whatever can be refused should have been by now.
   *
   * @throws CancellationException if the thread was interrupted; a file that was there is as it
   *     was, and no part of a new one is left
   */
  public <T> T load(ComputePool pool, Function<WeightMemory, T> build) {
    Optional<Place> place = place();
    Optional<WeightMemory> kept = place.flatMap(p -> read(p, pool));
    if (kept.isPresent()) {
      try {
        return build.apply(kept.get());
      } catch (WeightMemory.MismatchException e) {
        LOG.warn("{} is packed again: {}", place.get().file(), e.getMessage());
      }
    }
    WeightMemory packed = new WeightMemory();
    T built = build.apply(packed);
    place.ifPresent(p -> write(p, packed, pool));
    requireUninterrupted(null);
    return built;
  }

  private Optional<WeightMemory> read(Place place, ComputePool pool) {
    try (FileChannel channel = FileChannel.open(place.file(), StandardOpenOption.READ)) {
      WeightMemory memory = new PackedFile(place.identity(), place.secret(), pool).read(channel);
      Files.setLastModifiedTime(place.file(), FileTime.from(Instant.now()));
      return Optional.of(memory);
    } catch (NoSuchFileException e) {
      return Optional.empty();
    } catch (IOException | RuntimeException e) {
      requireUninterrupted(e);
      LOG.warn("{} is packed again: {}", place.file(), e.getMessage());
      // Or a process that has no memory for both its contents and new ones would never start.
      deleteQuietly(place.file());
      return Optional.empty();
    }
  }

  private void write(Place place, WeightMemory memory, ComputePool pool) {
    Path draft = null;
    try {
      clear();
      // Readable by its owner only, from the start.
      draft = Files.createTempFile(folder, place.file().getFileName().toString(), DRAFT_SUFFIX);
      try (FileChannel channel = FileChannel.open(draft, StandardOpenOption.WRITE)) {
        new PackedFile(place.identity(), place.secret(), pool).write(channel, memory.entries());
      }
      Files.move(draft, place.file(), StandardCopyOption.ATOMIC_MOVE);
    } catch (IOException e) {
      requireUninterrupted(e);
      LOG.info("Weights are packed again at the next start: {} cannot be written: {}", folder, e);
    } finally {
      if (draft != null) {
        deleteQuietly(draft);
      }
    }
  }

  private static void requireUninterrupted(@Nullable Exception cause) {
    if (Thread.currentThread().isInterrupted()) {
      CancellationException cancelled = new CancellationException("loading was interrupted");
      cancelled.initCause(cause);
      throw cancelled;
    }
  }

  /** Deletes what was left or is not used any more. */
  private void clear() throws IOException {
    List<Path> files;
    try (Stream<Path> all = Files.list(folder)) {
      files = all.toList();
    }
    for (Path file : files) {
      String name = file.getFileName().toString();
      Duration age = Duration.between(Files.getLastModifiedTime(file).toInstant(), Instant.now());
      if (name.endsWith(DRAFT_SUFFIX) && age.compareTo(ABANDONED) > 0
          || name.endsWith(SUFFIX) && age.compareTo(UNUSED) > 0) {
        deleteQuietly(file);
      }
    }
  }

  /** What must be the same for a file to be of use. */
  private byte[] identity(String digest) throws IOException {
    byte[] sha256 = HexFormat.of().parseHex(digest);
    CRC32C samples = new CRC32C();
    try (FileChannel channel = FileChannel.open(model, StandardOpenOption.READ)) {
      long size = channel.size();
      long step = Math.max(SAMPLE_BYTES, size / SAMPLES);
      for (long at = 0; at < size; at += step) {
        samples.update(PackedFile.read(channel, at, (int) Math.min(SAMPLE_BYTES, size - at)));
      }
      return ByteBuffer.allocate(8 + 4 + 4 + 8 + 8 + sha256.length)
          .order(LITTLE_ENDIAN)
          .putLong(MAGIC)
          .putInt(VERSION)
          .putInt(lanes)
          .putLong(size)
          .putLong(samples.getValue())
          .put(sha256)
          .array();
    }
  }

  private static void deleteQuietly(Path left) {
    try {
      Files.deleteIfExists(left);
    } catch (IOException e) {
      LOG.warn("{} is left over: {}", left, e.toString());
    }
  }
}
