package dev.slipstream.kv.redis;

import dev.slipstream.kv.storage.StoredBlock;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Optional;
import java.util.zip.CRC32C;

/**
 * A block as a value of Redis: a header of {@value #HEADER_BYTES} bytes, big-endian, then the
 * bytes.
 *
 * <pre>
 *  0  4  magic and version, "SKV1"
 *  4  4  length of the block
 *  8  4  CRC-32C of the block
 * 12  4  CRC-32C of the key and of the 12 bytes before
 * </pre>
 *
 * The last one ties a value to its key: wrong attention state would not fail, it would change an
 * answer. It finds what goes wrong by accident, not a forger.
 */
final class BlockFrame {
  static final int HEADER_BYTES = 16;
  private static final int MAGIC = 0x534b5631;
  private static final int SEAL_AT = 12;

  private BlockFrame() {}

  /**
   * @param key the value's key
   * @param data from its position on, which stays
   */
  static byte[] write(byte[] key, ByteBuffer data, int crc32c) {
    byte[] value = new byte[HEADER_BYTES + data.remaining()];
    ByteBuffer out = ByteBuffer.wrap(value);
    out.putInt(MAGIC).putInt(data.remaining()).putInt(crc32c);
    out.putInt(seal(key, value)).put(data.duplicate());
    return value;
  }

  /** The block, or nothing if a byte of the value is not as it was written for this key. */
  static Optional<StoredBlock> read(byte[] key, byte[] value) {
    if (value.length <= HEADER_BYTES) {
      return Optional.empty();
    }
    ByteBuffer in = ByteBuffer.wrap(value);
    boolean sound = in.getInt() == MAGIC & in.getInt() == value.length - HEADER_BYTES;
    int crc32c = in.getInt();
    sound &= in.getInt() == seal(key, value);
    CRC32C crc = new CRC32C();
    crc.update(in);
    return sound && (int) crc.getValue() == crc32c
        ? Optional.of(
            new StoredBlock(Arrays.copyOfRange(value, HEADER_BYTES, value.length), crc32c))
        : Optional.empty();
  }

  private static int seal(byte[] key, byte[] value) {
    CRC32C crc = new CRC32C();
    crc.update(key);
    crc.update(value, 0, SEAL_AT);
    return (int) crc.getValue();
  }
}
