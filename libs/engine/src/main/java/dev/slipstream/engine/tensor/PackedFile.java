package dev.slipstream.engine.tensor;

import static java.nio.ByteOrder.LITTLE_ENDIAN;

import dev.slipstream.engine.runtime.ComputePool;
import dev.slipstream.engine.tensor.WeightMemory.Entry;
import java.io.EOFException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.List;

/**
 * Packed weights as bytes of a file, authenticated: kernels take the numbers that they hold for
 * what was checked when the model was packed.
 *
 * <p>Layout, in little-endian numbers: the identity of what was packed; count of entries; for each
 * its length, or the complement of a noted value; for each piece of 4 MiB of each entry its
 * SHA-256; the HMAC-SHA256 of all of that under the {@link LocalSecret}; the bytes of the entries.
 * So the pieces are checked by all workers at once, and nothing is used that was not checked: they
 * are checked where they were read to. (A faster keyed checksum is no proof against a forger, and
 * the JDK's GMAC is twenty times slower than its SHA-256 until it has been compiled.)
 */
final class PackedFile {
  private static final int MAX_ENTRIES = 1 << 20;
  private static final int PIECE_BYTES = 4 << 20;
  private static final int DIGEST_BYTES = 32;

  private final byte[] identity;
  private final LocalSecret secret;
  private final ComputePool pool;

  /**
   * @param identity of the model, and of how it is packed; of a fixed length
   */
  PackedFile(byte[] identity, LocalSecret secret, ComputePool pool) {
    this.identity = identity;
    this.secret = secret;
    this.pool = pool;
  }

  /** A part of an entry, and where it lies in the file. */
  private record Piece(MemorySegment memory, long position) {
    byte[] digest() {
      MessageDigest sha = sha256();
      sha.update(memory.asByteBuffer());
      return sha.digest();
    }
  }

  /**
   * Reads the weights.
   *
   * @throws IOException saying why the file is of no use: it holds something else, is damaged, or
   *     was not written by holders of the secret
   */
  WeightMemory read(FileChannel channel) throws IOException {
    int fixed = identity.length + Integer.BYTES;
    ByteBuffer start = read(channel, 0, fixed);
    if (!start.slice(0, identity.length).equals(ByteBuffer.wrap(identity))) {
      throw new IOException("it was packed from another model, or by another version");
    }
    int count = start.getInt(identity.length);
    if (count < 0 || count > MAX_ENTRIES) {
      throw new IOException("%d entries are impossible".formatted(count));
    }
    long[] lengths = new long[count];
    read(channel, fixed, count * Long.BYTES).asLongBuffer().get(lengths);
    long pieceCount = 0;
    long bytes = 0;
    for (long length : lengths) {
      if (length > channel.size()) {
        throw new EOFException("it ends too early");
      }
      pieceCount += Math.ceilDiv(Math.max(0, length), PIECE_BYTES);
      bytes += Math.max(0, length);
    }
    long body = fixed + (long) count * Long.BYTES + pieceCount * DIGEST_BYTES;
    if (body + LocalSecret.CODE_BYTES + bytes != channel.size()) {
      throw new EOFException("it has not the length that it should have");
    }
    ByteBuffer header = read(channel, 0, Math.toIntExact(body + LocalSecret.CODE_BYTES));
    byte[] code = new byte[LocalSecret.CODE_BYTES];
    header.get((int) body, code);
    if (!MessageDigest.isEqual(code, secret.authenticate(header.slice(0, (int) body)))) {
      throw new IOException("it is damaged, or was not written here");
    }
    int digests = digestBytes(pieceCount);
    return fill(channel, lengths, header.slice((int) body - digests, digests), header.limit());
  }

  private WeightMemory fill(FileChannel channel, long[] lengths, ByteBuffer digests, long start)
      throws IOException {
    WeightMemory memory = new WeightMemory();
    for (long length : lengths) {
      if (length < 0) {
        memory.note((int) ~length);
      } else {
        memory.take(length);
      }
    }
    List<Piece> pieces = pieces(memory.entries(), start);
    try {
      pool.run(
          worker -> {
            for (int i = worker.index(); i < pieces.size(); i += worker.count()) {
              worker.checkpoint();
              fill(pieces.get(i), channel, digests.slice(i * DIGEST_BYTES, DIGEST_BYTES));
            }
          });
    } catch (UncheckedIOException e) {
      throw e.getCause();
    }
    return new WeightMemory(memory.entries());
  }

  private static void fill(Piece piece, FileChannel channel, ByteBuffer digest) {
    try {
      fill(piece.memory().asByteBuffer(), channel, piece.position());
      if (!digest.equals(ByteBuffer.wrap(piece.digest()))) {
        throw new IOException("its contents are damaged");
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Writes the weights. */
  void write(FileChannel channel, List<Entry> entries) throws IOException {
    List<Piece> pieces = pieces(entries, 0);
    byte[][] digests = new byte[pieces.size()][];
    pool.run(
        worker -> {
          for (int i = worker.index(); i < digests.length; i += worker.count()) {
            worker.checkpoint();
            digests[i] = pieces.get(i).digest();
          }
        });
    int body =
        identity.length + Integer.BYTES + entries.size() * Long.BYTES + digestBytes(digests.length);
    ByteBuffer header = ByteBuffer.allocate(body + LocalSecret.CODE_BYTES).order(LITTLE_ENDIAN);
    header.put(identity).putInt(entries.size());
    for (Entry entry : entries) {
      switch (entry) {
        case Entry.Taken(MemorySegment taken) -> header.putLong(taken.byteSize());
        case Entry.Noted(int value) -> header.putLong(~(long) value);
      }
    }
    for (byte[] digest : digests) {
      header.put(digest);
    }
    write(channel, header.put(secret.authenticate(header.slice(0, body))).flip());
    for (Piece piece : pieces) {
      write(channel, piece.memory().asByteBuffer());
    }
  }

  private static List<Piece> pieces(List<Entry> entries, long start) {
    List<Piece> pieces = new ArrayList<>();
    long position = start;
    for (Entry entry : entries) {
      if (entry instanceof Entry.Taken(MemorySegment taken)) {
        for (long at = 0; at < taken.byteSize(); at += PIECE_BYTES) {
          long length = Math.min(PIECE_BYTES, taken.byteSize() - at);
          pieces.add(new Piece(taken.asSlice(at, length), position + at));
        }
        position += taken.byteSize();
      }
    }
    return pieces;
  }

  private static int digestBytes(long pieces) {
    return Math.toIntExact(pieces * DIGEST_BYTES);
  }

  static ByteBuffer read(FileChannel channel, long position, int bytes) throws IOException {
    if (bytes > channel.size() - position) {
      throw new EOFException("it ends too early");
    }
    ByteBuffer buffer = ByteBuffer.allocate(bytes).order(LITTLE_ENDIAN);
    fill(buffer, channel, position);
    return buffer.flip();
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

  private static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform has SHA-256", e);
    }
  }
}
