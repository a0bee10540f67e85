package dev.slipstream.kv.redis;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.slipstream.kv.redis.RedisSettings.Credentials;
import io.lettuce.core.RedisURI;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RedisSettingsTest {
  private static final Credentials NOBODY = new Credentials("", "");

  @ParameterizedTest
  @CsvSource({
    "redis://cache, cache, 6379, false, 0, , ",
    "rediss://cache.team:6380, cache.team, 6380, true, 0, , ",
    "redis://:secret@cache/3, cache, 6379, false, 3, , secret",
    "redis://secret@cache, cache, 6379, false, 0, , secret",
    "redis://kv:s%40crEt@cache:7000/, cache, 7000, false, 0, kv, s@crEt",
    "redis://[::1]:7000, [::1], 7000, false, 0, , "
  })
  void anAddressIsReadAsRedisUrisAreElsewhere(
      String uri, String host, int port, boolean tls, int database, String user, String password) {
    RedisURI address = RedisSettings.parse(uri, NOBODY);

    assertThat(address.getHost()).isEqualTo(host);
    assertThat(address.getPort()).isEqualTo(port);
    assertThat(address.isSsl()).isEqualTo(tls);
    assertThat(address.getDatabase()).isEqualTo(database);
    assertCredentials(address, user, password);
  }

  @Test
  void credentialsBesideTheAddressAreForAddressesWithoutOwn() {
    Credentials beside = new Credentials("kv", "secret");

    assertCredentials(RedisSettings.parse("redis://a", beside), "kv", "secret");
    assertCredentials(RedisSettings.parse("redis://me:own@a", beside), "me", "own");
    assertCredentials(
        RedisSettings.parse("redis://a", new Credentials("", "secret")), null, "secret");
  }

  private static void assertCredentials(RedisURI address, String user, String password) {
    var credentials = address.getCredentialsProvider().resolveCredentials().block();
    assertThat(credentials.getUsername()).isEqualTo(user);
    assertThat(credentials.hasPassword() ? new String(credentials.getPassword()) : null)
        .isEqualTo(password);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "cache:6379 | redis:// or rediss://",
        "http://cache | not with http",
        "redis-sentinel://cache | not with redis-sentinel",
        "redis:// | no address",
        "redis:///0 | names no host",
        "redis://cache/first | number of a database",
        "redis://:pw@cache?timeout=1s | no parameters",
        "redis://:pw@cache#x | no parameters",
        "redis://:p w@cache | no address"
      })
  void anythingElseIsRefusedWithoutRepeatingThePassword(String uri, String reason) {
    assertThatThrownBy(() -> RedisSettings.parse(uri, NOBODY))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining(reason)
        .message()
        .doesNotContain("pw", "p w");
  }
}
