package dev.slipstream.gateway.http;

import dev.slipstream.gateway.access.ByteBudget;
import dev.slipstream.gateway.application.ApiException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import org.springframework.core.io.buffer.DataBuffer;
import org.springframework.core.io.buffer.DataBufferLimitException;
import org.springframework.core.io.buffer.DataBufferUtils;

/**
 * A request body as it comes. Copied at once into one array: the network's own buffers may hold one
 * byte each, and are what all connections read into. Used by one thread at a time.
 */
final class BodyBuffer {
  private static final int FIRST = 8 << 10;

  private final int limit;
  private final ByteBudget.Reservation bytes;
  private byte[] data = {};
  private long reserved;
  private volatile int size;

  /**
   * @param length that the request claims; negative if it does not say
   * @param limit of the length
   * @param bytes where it is counted, at once if its length is known
   * @throws DataBufferLimitException if it is longer than the limit
   * @throws ApiException if there is no room for it
   */
  BodyBuffer(long length, int limit, ByteBudget.Reservation bytes) {
    this.limit = limit;
    this.bytes = bytes;
    reserve(length);
  }

  private void reserve(long total) {
    if (total > limit) {
      throw new DataBufferLimitException("a body of " + total + " bytes");
    }
    if (total > reserved) {
      bytes.grow(total - reserved);
      reserved = total;
    }
  }

  /** Takes over the chunk; throws as the constructor does. */
  void append(DataBuffer chunk) {
    try {
      int count = chunk.readableByteCount();
      if (size + count > data.length) {
        grow(size + count);
      }
      chunk.read(data, size, count);
      size += count;
    } finally {
      DataBufferUtils.release(chunk);
    }
  }

  /** By doubling, but not beyond what the body can have. */
  private void grow(int needed) {
    int doubled = Math.max(FIRST, 2 * data.length);
    long most = reserved >= needed ? reserved : limit;
    int capacity = (int) Math.max(needed, Math.min(doubled, most));
    reserve(capacity);
    data = Arrays.copyOf(data, capacity);
  }

  /** Bytes that have come so far. */
  int size() {
    return size;
  }

  /** All of it, once: what has read it need not hold it any longer. */
  ByteBuffer take() {
    ByteBuffer all = ByteBuffer.wrap(data, 0, size);
    data = new byte[0];
    return all;
  }
}
