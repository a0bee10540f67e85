package dev.slipstream.models.gguf;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Collection;
import java.util.Collections;
import java.util.Map;
import java.util.Optional;

/**
 * A model file in GGUF format, version 2 or 3, little-endian. Tensor data is memory-mapped and must
 * not be touched after {@link #close}; the metadata may be. Files without tensors (vocabularies)
 * are fine.
 */
public final class GgufFile implements AutoCloseable {

  private static final int HEADER_BYTES = 4 + 4 + 8 + 8;

  private final String name;
  private final Runnable release;
  private final int version;
  private final GgufMetadata metadata;
  private final Map<String, GgufTensor> tensors;

  private GgufFile(String name, Runnable release, GgufReader.Content content) {
    this.name = name;
    this.release = release;
    this.version = content.version();
    this.metadata = content.metadata();
    this.tensors = content.tensors();
  }

  /**
   * Maps a file into memory and reads its directory.
   *
   * @throws IOException if the file cannot be read
   * @throws ModelFormatException if it is damaged or not supported
   */
  public static GgufFile open(Path path) throws IOException {
    Arena arena = Arena.ofShared();
    try (FileChannel channel = FileChannel.open(path, StandardOpenOption.READ)) {
      MemorySegment bytes = channel.map(FileChannel.MapMode.READ_ONLY, 0, channel.size(), arena);
      String name = path.getFileName().toString();
      return new GgufFile(name, arena::close, new GgufReader(bytes, name).read());
    } catch (IOException | RuntimeException e) {
      arena.close();
      throw e;
    }
  }

  /**
   * Reads a file that is in memory already; tensors are slices of the given bytes.
   *
   * @param name stands for the file in messages
   * @throws ModelFormatException if it is damaged or not supported
   */
  public static GgufFile parse(MemorySegment bytes, String name) {
    return new GgufFile(name, () -> {}, new GgufReader(bytes, name).read());
  }

  /** The file's name without folders. */
  public String name() {
    return name;
  }

  public GgufMetadata metadata() {
    return metadata;
  }

  /** The tensors in the order of the file. */
  public Collection<GgufTensor> tensors() {
    return Collections.unmodifiableCollection(tensors.values());
  }

  public Optional<GgufTensor> tensor(String name) {
    return Optional.ofNullable(tensors.get(name));
  }

  /** The metadata alone, as a GGUF file without tensors. */
  public byte[] header() {
    byte[] pairs = metadata.bytes();
    return ByteBuffer.allocate(HEADER_BYTES + pairs.length)
        .order(ByteOrder.LITTLE_ENDIAN)
        .putInt(GgufReader.MAGIC)
        .putInt(version)
        .putLong(0)
        .putLong(metadata.keys().size())
        .put(pairs)
        .array();
  }

  @Override
  public void close() {
    release.run();
  }
}
