package dev.slipstream.kv.transport;

import com.google.protobuf.ByteString;
import com.google.protobuf.UnsafeByteOperations;
import dev.slipstream.kv.application.InvalidBlockRequestException;
import dev.slipstream.kv.application.SharedBlocks;
import dev.slipstream.kv.storage.ContentKey;
import dev.slipstream.kv.storage.StoredBlock;
import dev.slipstream.proto.v1.KvBlock;
import dev.slipstream.proto.v1.KvStats;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.util.ArrayList;
import java.util.List;

/** From protobuf to our types and back. */
final class BlockMessages {
  private BlockMessages() {}

  static List<ContentKey> keys(List<ByteString> keys) {
    List<ContentKey> all = new ArrayList<>(keys.size());
    for (ByteString key : keys) {
      all.add(key(key));
    }
    return all;
  }

  static ContentKey key(ByteString key) {
    try {
      return ContentKey.of(key.asReadOnlyByteBuffer());
    } catch (IllegalArgumentException e) {
      throw new InvalidBlockRequestException(String.valueOf(e.getMessage()));
    }
  }

  /** The array of a stored block is the reader's own copy, so it may be wrapped. */
  static KvBlock block(ByteString key, StoredBlock block) {
    return KvBlock.newBuilder()
        .setKey(key)
        .setData(UnsafeByteOperations.unsafeWrap(block.data()))
        .setCrc32C(block.crc32c())
        .build();
  }

  static KvStats stats(SharedBlocks cache) {
    KvStats.Builder stats =
        KvStats.newBuilder()
            .setStorage(cache.storage())
            .setQueries(cache.stats().queries())
            .setHits(cache.stats().hits());
    cache
        .usage()
        .ifPresent(
            usage ->
                stats
                    .setBlocks(usage.blocks())
                    .setBytes(usage.bytes())
                    .setCapacityBytes(usage.capacityBytes()));
    return stats.build();
  }

  static StatusRuntimeException status(InvalidBlockRequestException e) {
    return Status.INVALID_ARGUMENT.withDescription(e.getMessage()).asRuntimeException();
  }
}
