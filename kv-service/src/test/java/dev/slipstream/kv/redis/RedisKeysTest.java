package dev.slipstream.kv.redis;

import static org.assertj.core.api.Assertions.assertThat;

import dev.slipstream.kv.storage.BlockId;
import dev.slipstream.kv.storage.ContentKey;
import java.nio.charset.StandardCharsets;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.Test;

/** Two blocks under one key would give one user the other's. */
class RedisKeysTest {
  private final RedisKeys keys = new RedisKeys("p:");

  @Property
  void everyBlockOfEveryTenantHasAKeyOfItsOwn(
      @ForAll String one, @ForAll String other, @ForAll long a, @ForAll long b) {
    BlockId first = new BlockId(one, new ContentKey(a, b, 3, 4));
    BlockId second = new BlockId(other, new ContentKey(b, a, 3, 4));

    assertThat(text(first).equals(text(second))).isEqualTo(first.equals(second));
  }

  @Property
  void aKeyIsOneWordWhateverTheTenantIsCalled(@ForAll String tenant) {
    assertThat(text(new BlockId(tenant, new ContentKey(-1, 0, 1, 2))))
        .matches("p:[0-9a-f]{64}:f{16}0{16}0{15}10{15}2");
  }

  /** Or the blocks that replicas of another version stored would be lost, or mixed up. */
  @Test
  void keysAreWhatTheyWere() {
    assertThat(text(new BlockId("acme", new ContentKey(1, 2, 3, 4))))
        .isEqualTo(
            "p:822b33ad87c148a0a20a5ba7cd5ebcaa68d36a18e7aad165554903f52ca82757:"
                + "0000000000000001000000000000000200000000000000030000000000000004");
  }

  private String text(BlockId id) {
    return new String(keys.key(id), StandardCharsets.UTF_8);
  }
}
