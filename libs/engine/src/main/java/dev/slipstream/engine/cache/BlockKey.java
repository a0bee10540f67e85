package dev.slipstream.engine.cache;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.HexFormat;

/**
 * The identity of one full KV block: a SHA-256 digest over everything that its bytes depend on. See
 * {@link BlockKeyChain} for what that is.
 */
public final class BlockKey {
  /** Length of a key in bytes. */
  public static final int BYTES = 32;

  private final byte[] digest;

  private BlockKey(byte[] digest) {
    this.digest = digest;
  }

  /**
   * @param digest 32 bytes, copied
   */
  public static BlockKey of(byte[] digest) {
    if (digest.length != BYTES) {
      throw new IllegalArgumentException(
          "a block key has " + BYTES + " bytes, not " + digest.length);
    }
    return new BlockKey(digest.clone());
  }

  /** A read-only view of the 32 bytes. */
  public ByteBuffer bytes() {
    return ByteBuffer.wrap(digest).asReadOnlyBuffer();
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof BlockKey that && Arrays.equals(digest, that.digest);
  }

  @Override
  public int hashCode() {
    return ByteBuffer.wrap(digest).getInt();
  }

  @Override
  public String toString() {
    return HexFormat.of().formatHex(digest);
  }
}
