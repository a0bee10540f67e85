package dev.slipstream.models.gguf;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;

/**
 * Writes a GGUF file, version 3: the directory first, then the data of the tensors in its order.
 * The file appears under its name when it is complete, by {@link #commit}, and not before; whatever
 * was there is replaced then.
 */
public final class GgufFileWriter implements AutoCloseable {

  private static final int VERSION = 3;

  /**
   * A tensor to be written.
   *
   * @param shape row length first, a multiple of the type's block
   */
  public record Tensor(String name, GgmlType type, List<Long> shape) {
    public Tensor {
      shape = List.copyOf(shape);
    }

    /** Bytes of its data. */
    public long bytes() {
      return type.rowBytes(shape.stream().reduce(1L, Math::multiplyExact));
    }
  }

  private final Path target;
  private final Path unfinished;
  private final FileChannel channel;
  private final int alignment;
  private final List<Long> dataEnds = new ArrayList<>();
  private final long byteSize;
  private int tensor;
  private long position;

  /**
   * Opens a file beside the target, under another name, and writes everything but the data.
   *
   * @param metadata also says the alignment
   * @throws IOException if the file cannot be written, or the disk has too little room for it
   */
  public GgufFileWriter(Path target, GgufMetadata metadata, List<Tensor> tensors)
      throws IOException {
    this.target = target;
    this.alignment = GgufReader.alignment(metadata);
    byte[] directory = directory(metadata, tensors);
    long end = directory.length;
    for (Tensor next : tensors) {
      end = Math.addExact(aligned(end), next.bytes());
      dataEnds.add(end);
    }
    this.byteSize = aligned(end);
    Path folder = target.toAbsolutePath().getParent();
    if (folder == null) {
      throw new FileSystemException(target.toString(), null, "it is a folder");
    }
    requireRoom(folder);
    String name = "." + target.getFileName() + "." + ProcessHandle.current().pid() + ".part";
    this.unfinished = folder.resolve(name);
    this.channel =
        FileChannel.open(
            unfinished,
            StandardOpenOption.CREATE,
            StandardOpenOption.TRUNCATE_EXISTING,
            StandardOpenOption.WRITE);
    try {
      put(ByteBuffer.wrap(directory));
      pad();
    } catch (IOException | RuntimeException e) {
      close();
      throw e;
    }
  }

  /** Size of the whole file. */
  public long byteSize() {
    return byteSize;
  }

  /**
   * Appends data of the tensor at hand; when it is complete, the next one is at hand.
   *
   * @throws IllegalArgumentException if the data reach beyond the tensor
   */
  public void write(ByteBuffer data) throws IOException {
    if (tensor == dataEnds.size() || data.remaining() > dataEnds.get(tensor) - position) {
      throw new IllegalArgumentException("more data than tensor number " + tensor + " has");
    }
    put(data);
    if (position == dataEnds.get(tensor)) {
      tensor++;
      pad();
    }
  }

  /**
   * Gives the file its name.
   *
   * @throws IllegalStateException if data are missing
   */
  public void commit() throws IOException {
    if (tensor < dataEnds.size()) {
      throw new IllegalStateException("data of tensor number " + tensor + " are missing");
    }
    channel.force(true);
    channel.close();
    Files.move(
        unfinished, target, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
  }

  /** Leaves nothing behind unless the file was committed. */
  @Override
  public void close() throws IOException {
    channel.close();
    Files.deleteIfExists(unfinished);
  }

  private byte[] directory(GgufMetadata metadata, List<Tensor> tensors) {
    GgufSink sink = new GgufSink();
    sink.putInt(GgufReader.MAGIC);
    sink.putInt(VERSION);
    sink.putLong(tensors.size());
    sink.putLong(metadata.keys().size());
    sink.putBytes(metadata.bytes());
    long offset = 0;
    for (Tensor next : tensors) {
      sink.putString(next.name);
      sink.putInt(next.shape.size());
      next.shape.forEach(sink::putLong);
      sink.putInt(next.type.id());
      sink.putLong(offset);
      offset = aligned(offset + next.bytes());
    }
    return sink.bytes();
  }

  private void requireRoom(Path folder) throws IOException {
    if (!Files.isDirectory(folder)) {
      throw new IOException("There is no directory " + folder + ".");
    }
    long room = Files.getFileStore(folder).getUsableSpace();
    if (room < byteSize) {
      throw new IOException(
          "%s needs %.1f MB, but only %.1f MB are free in %s."
              .formatted(target.getFileName(), byteSize / 1e6, room / 1e6, folder));
    }
  }

  private void pad() throws IOException {
    put(ByteBuffer.allocate((int) (aligned(position) - position)));
  }

  private void put(ByteBuffer data) throws IOException {
    while (data.hasRemaining()) {
      position += channel.write(data);
    }
  }

  private long aligned(long offset) {
    return (offset + alignment - 1) & -(long) alignment;
  }
}
