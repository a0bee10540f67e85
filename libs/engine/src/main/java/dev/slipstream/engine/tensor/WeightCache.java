package dev.slipstream.engine.tensor;

import static java.nio.ByteOrder.LITTLE_ENDIAN;

import dev.slipstream.engine.kernel.KernelSelection;
import dev.slipstream.engine.runtime.ComputePool;
import dev.slipstream.engine.tensor.WeightMemory.Entry;
import java.io.EOFException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.zip.CRC32C;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Packed weights in a file beside the model, so that the next start needs not pack them again. The
 * file is read into memory rather than mapped: only then do weights lie in huge pages, and only
 * then can they be checked. It may be deleted at any time.
 *
 * <p>Layout, in little-endian numbers: magic, version, lanes, size, time and samples of the model,
 * count of entries; for each entry its length, or the complement of a noted value, and a CRC32C of
 * its bytes; a CRC32C of all of that; the bytes of the entries.
 */
public final class WeightCache {
  private static final Logger LOG = LoggerFactory.getLogger(WeightCache.class);

  private static final long MAGIC = 0x4b4341504c535631L;

  /** To be raised with every change to what matrices store. */
  private static final int VERSION = 3;

  private static final int FIXED_BYTES = 8 + 4 + 4 + 8 + 8 + 4 + 4;
  private static final int ENTRY_BYTES = 8 + 4;
  private static final int MAX_ENTRIES = 1 << 20;

  /** Below, packing takes no time worth a file. */
  private static final long MIN_MODEL_BYTES = 16 << 20;

  private static final long TRANSFER_BYTES = 1L << 30;

  /**
   * Two models may have the same size and time: pieces of this size, all over the file, are looked
   * at.
   */
  private static final int SAMPLE_BYTES = 4096;

  private static final int SAMPLES = 256;

  private final Path model;
  private final Path file;
  private final int lanes;
  private final long minModelBytes;

  /** What must be the same for the file to be of use; the count of entries is left to be put. */
  private final byte[] identity;

  /**
   * @param model the file whose weights are packed; must not have been opened yet, or what is
   *     packed might be an older file
   */
  public WeightCache(Path model) throws IOException {
    this(model, KernelSelection.kernels().lanes(), MIN_MODEL_BYTES);
  }

  WeightCache(Path model, int lanes, long minModelBytes) throws IOException {
    this.model = model;
    this.file = model.resolveSibling(model.getFileName() + ".packed" + lanes);
    this.lanes = lanes;
    this.minModelBytes = minModelBytes;
    this.identity = identify();
  }

  /**
   * Builds something from packed weights: those of the file if it is there and fits, else freshly
   * packed ones, which are then kept in the file, if it can be written.
   */
  public <T> T load(ComputePool pool, Function<WeightMemory, T> build) {
    Optional<WeightMemory> kept = read(pool);
    if (kept.isPresent()) {
      try {
        return build.apply(kept.get());
      } catch (WeightMemory.MismatchException e) {
        LOG.warn("{} is of no use and will be written again: {}", file, e.getMessage());
        deleteQuietly(file);
      }
    }
    WeightMemory packed = new WeightMemory();
    T built = build.apply(packed);
    write(packed);
    return built;
  }

  private Optional<WeightMemory> read(ComputePool pool) {
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
      ByteBuffer fixed = read(channel, 0, FIXED_BYTES);
      if (!fixed.slice(0, identity.length).equals(ByteBuffer.wrap(identity))) {
        return Optional.empty();
      }
      int count = fixed.getInt(FIXED_BYTES - 4);
      if (count < 0 || count > MAX_ENTRIES) {
        throw new IOException("%d entries are impossible".formatted(count));
      }
      ByteBuffer header = read(channel, 0, FIXED_BYTES + count * ENTRY_BYTES + 4);
      int end = header.limit() - 4;
      if (checksum(header.slice(0, end)) != header.getInt(end)) {
        throw new IOException("its header is damaged");
      }
      return Optional.of(read(channel, header, count, pool));
    } catch (NoSuchFileException e) {
      return Optional.empty();
    } catch (IOException | RuntimeException e) {
      LOG.warn("{} cannot be used and will be written again: {}", file, e.getMessage());
      // Or a process that has no memory for both its contents and new ones would never start.
      deleteQuietly(file);
      return Optional.empty();
    }
  }

  private static WeightMemory read(
      FileChannel channel, ByteBuffer header, int count, ComputePool pool) throws IOException {
    WeightMemory memory = new WeightMemory();
    long[] positions = new long[count];
    long position = header.limit();
    for (int i = 0; i < count; i++) {
      long length = header.getLong(FIXED_BYTES + i * ENTRY_BYTES);
      positions[i] = position;
      if (length < 0) {
        memory.note((int) ~length);
      } else {
        if (length > channel.size() - position) {
          throw new EOFException("it ends too early");
        }
        position += length;
        memory.take(length);
      }
    }
    pool.run(
        worker -> {
          for (int i = worker.index(); i < count; i += worker.count()) {
            if (memory.entries().get(i) instanceof Entry.Taken(MemorySegment taken)) {
              fill(taken, channel, positions[i]);
              if (checksum(taken) != header.getInt(FIXED_BYTES + i * ENTRY_BYTES + 8)) {
                throw new UncheckedIOException(new IOException("its contents are damaged"));
              }
            }
          }
        });
    return new WeightMemory(memory.entries());
  }

  private void write(WeightMemory memory) {
    Path draft = file.resolveSibling(file.getFileName() + "." + UUID.randomUUID() + ".tmp");
    try {
      if (Files.size(model) < minModelBytes) {
        return;
      }
      try (FileChannel channel =
          FileChannel.open(draft, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
        write(channel, header(memory.entries()));
        for (Entry entry : memory.entries()) {
          if (entry instanceof Entry.Taken(MemorySegment taken)) {
            for (ByteBuffer piece : pieces(taken)) {
              write(channel, piece);
            }
          }
        }
      }
      Files.move(draft, file, StandardCopyOption.ATOMIC_MOVE);
    } catch (IOException e) {
      LOG.info("Weights are packed again at the next start: {} cannot be written: {}", file, e);
    } finally {
      deleteQuietly(draft);
    }
  }

  private ByteBuffer header(List<Entry> entries) throws IOException {
    int size = FIXED_BYTES + entries.size() * ENTRY_BYTES;
    ByteBuffer header = ByteBuffer.allocate(size + 4).order(LITTLE_ENDIAN);
    header.put(identity).putInt(entries.size());
    for (Entry entry : entries) {
      switch (entry) {
        case Entry.Taken(MemorySegment taken) ->
            header.putLong(taken.byteSize()).putInt(checksum(taken));
        case Entry.Noted(int value) -> header.putLong(~(long) value).putInt(0);
      }
    }
    return header.putInt(checksum(header.slice(0, size))).flip();
  }

  private byte[] identify() throws IOException {
    CRC32C samples = new CRC32C();
    try (FileChannel channel = FileChannel.open(model, StandardOpenOption.READ)) {
      long size = channel.size();
      long step = Math.max(SAMPLE_BYTES, size / SAMPLES);
      for (long at = 0; at < size; at += step) {
        samples.update(read(channel, at, (int) Math.min(SAMPLE_BYTES, size - at)));
      }
      return ByteBuffer.allocate(FIXED_BYTES - 4)
          .order(LITTLE_ENDIAN)
          .putLong(MAGIC)
          .putInt(VERSION)
          .putInt(lanes)
          .putLong(size)
          .putLong(Files.getLastModifiedTime(model).to(TimeUnit.MICROSECONDS))
          .putInt((int) samples.getValue())
          .array();
    }
  }

  private static ByteBuffer read(FileChannel channel, long position, int bytes) throws IOException {
    ByteBuffer buffer = ByteBuffer.allocate(bytes).order(LITTLE_ENDIAN);
    fill(buffer, channel, position);
    return buffer.flip();
  }

  private static void fill(MemorySegment memory, FileChannel channel, long position) {
    try {
      long at = position;
      for (ByteBuffer piece : pieces(memory)) {
        int length = piece.remaining();
        fill(piece, channel, at);
        at += length;
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void fill(ByteBuffer buffer, FileChannel channel, long position)
      throws IOException {
    long at = position;
    while (buffer.hasRemaining()) {
      int read = channel.read(buffer, at);
      if (read < 0) {
        throw new EOFException("it ends too early");
      }
      at += read;
    }
  }

  private static void write(FileChannel channel, ByteBuffer bytes) throws IOException {
    while (bytes.hasRemaining()) {
      channel.write(bytes);
    }
  }

  private static int checksum(MemorySegment memory) {
    CRC32C checksum = new CRC32C();
    pieces(memory).forEach(checksum::update);
    return (int) checksum.getValue();
  }

  private static int checksum(ByteBuffer bytes) {
    CRC32C checksum = new CRC32C();
    checksum.update(bytes);
    return (int) checksum.getValue();
  }

  /** A buffer cannot be as long as a matrix may be. */
  private static List<ByteBuffer> pieces(MemorySegment memory) {
    List<ByteBuffer> pieces = new ArrayList<>();
    for (long at = 0; at < memory.byteSize(); at += TRANSFER_BYTES) {
      long length = Math.min(TRANSFER_BYTES, memory.byteSize() - at);
      pieces.add(memory.asSlice(at, length).asByteBuffer());
    }
    return pieces;
  }

  private static void deleteQuietly(Path left) {
    try {
      Files.deleteIfExists(left);
    } catch (IOException e) {
      LOG.warn("{} is left over: {}", left, e.toString());
    }
  }
}
