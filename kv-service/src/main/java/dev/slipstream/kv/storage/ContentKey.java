package dev.slipstream.kv.storage;

import java.nio.ByteBuffer;

/**
 * Content key of a KV block: a SHA-256 digest, computed by the target over everything that the
 * block's bytes depend on (model, tokenizer, layout, the key of the block before it, token ids).
 * The four parts are its bytes in big-endian order.
 */
public record ContentKey(long a, long b, long c, long d) {
  /** Length of a key in bytes. */
  public static final int BYTES = 32;

  /**
   * @param bytes exactly {@value #BYTES} bytes from the buffer's position on
   * @throws IllegalArgumentException if there are more or fewer
   */
  public static ContentKey of(ByteBuffer bytes) {
    if (bytes.remaining() != BYTES) {
      throw new IllegalArgumentException(
          "a block key is a SHA-256 digest of 32 bytes, not of " + bytes.remaining());
    }
    ByteBuffer in = bytes.duplicate();
    return new ContentKey(in.getLong(), in.getLong(), in.getLong(), in.getLong());
  }
}
