package dev.slipstream.kv.redis;

import dev.slipstream.kv.storage.BlockId;
import dev.slipstream.kv.storage.ContentKey;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/**
 * Keys in Redis: {@code PREFIX TENANT : BLOCK}, where TENANT is the SHA-256 of the tenant's name
 * and BLOCK the key of the block, both in hexadecimal. So no name of a tenant, whatever is in it,
 * leads to another's blocks, and all blocks of a tenant can be found by one pattern. No braces: the
 * blocks of a chain spread over the slots of a cluster.
 */
final class RedisKeys {
  private final String prefix;

  RedisKeys(String prefix) {
    this.prefix = prefix;
  }

  byte[] key(BlockId id) {
    return of(id.tenant()).key(id.key());
  }

  /** The keys of one tenant, whose name is hashed once. */
  Tenant of(String tenant) {
    byte[] name = tenant.getBytes(StandardCharsets.UTF_8);
    return new Tenant(prefix + HexFormat.of().formatHex(sha256(name)) + ":");
  }

  record Tenant(String prefix) {
    byte[] key(ContentKey key) {
      ByteBuffer bytes = ByteBuffer.allocate(ContentKey.BYTES);
      bytes.putLong(key.a()).putLong(key.b()).putLong(key.c()).putLong(key.d());
      return (prefix + HexFormat.of().formatHex(bytes.array())).getBytes(StandardCharsets.UTF_8);
    }
  }

  private static byte[] sha256(byte[] bytes) {
    try {
      return MessageDigest.getInstance("SHA-256").digest(bytes);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java has SHA-256", e);
    }
  }
}
