package dev.slipstream.kv.storage;

import java.nio.ByteBuffer;
import java.util.SplittableRandom;

/** Blocks whose bytes follow from their number, so that a test can tell whose bytes it got. */
public final class Blocks {
  private Blocks() {}

  public static ContentKey key(long number) {
    return new ContentKey(number, ~number, number * 31, 7);
  }

  public static BlockId id(long number) {
    return new BlockId("acme", key(number));
  }

  public static byte[] bytes(long number, int size) {
    byte[] bytes = new byte[size];
    new SplittableRandom(number).nextBytes(bytes);
    return bytes;
  }

  public static ByteBuffer buffer(long number, int size) {
    return ByteBuffer.wrap(bytes(number, size));
  }
}
