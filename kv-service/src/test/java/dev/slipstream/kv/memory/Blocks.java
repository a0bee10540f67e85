package dev.slipstream.kv.memory;

import dev.slipstream.kv.storage.BlockId;
import dev.slipstream.kv.storage.BlockKey;
import java.nio.ByteBuffer;
import java.util.SplittableRandom;

/** Blocks whose bytes follow from their number, so that a test can tell whose bytes it got. */
final class Blocks {
  private Blocks() {}

  static BlockKey key(long number) {
    return new BlockKey(number, ~number, number * 31, 7);
  }

  static BlockId id(long number) {
    return new BlockId("acme", key(number));
  }

  static byte[] bytes(long number, int size) {
    byte[] bytes = new byte[size];
    new SplittableRandom(number).nextBytes(bytes);
    return bytes;
  }

  static ByteBuffer buffer(long number, int size) {
    return ByteBuffer.wrap(bytes(number, size));
  }
}
