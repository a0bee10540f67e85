package dev.slipstream.gateway.access;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The line that operators write; a mistake in it must not let anybody in, nor show a key. */
class ApiKeyTest {
  private static final String HASH = KeyHash.of("secret").toString();

  @Test
  void theHashIsSha256OfTheKey() {
    assertThat(HASH)
        .isEqualTo("sha256:2bb80d537b1da3e38bd30361aa855686bde0eacd7162fef6a25fe97bf527a25b");
  }

  @Test
  void withoutSettingsATenantOfItsOwnAndNoLimits() {
    assertThat(ApiKey.parse("alice " + HASH))
        .isEqualTo(new ApiKey("alice", KeyHash.of("secret"), "alice", ApiKey.Limits.NONE));
  }

  @Test
  void settingsInAnyOrder() {
    ApiKey key =
        ApiKey.parse(
            "alice\t%s  max-concurrent=3 tenant=shop tokens-per-minute=2000 requests-per-minute=60 "
                .formatted(HASH));
    assertThat(key)
        .isEqualTo(
            new ApiKey("alice", KeyHash.of("secret"), "shop", new ApiKey.Limits(60, 2000, 3)));
    assertThat(ApiKey.parse(key.line())).isEqualTo(key);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "alice",
        "alice sk-slipstream-verysecret",
        "alice SHA256:verysecret",
        "al/ice HASH",
        "alice HASH tenant=",
        "alice HASH tenant=a tenant=b",
        "alice HASH verysecret",
        "alice HASH requests-per-minute=0",
        "alice HASH requests-per-minute=verysecret",
        "alice HASH max-concurent=1"
      })
  void aFaultyLineIsRefusedAndNotQuoted(String line) {
    assertThatThrownBy(() -> ApiKey.parse(line.replace("HASH", HASH)))
        .isInstanceOf(IllegalArgumentException.class)
        .message()
        .doesNotContain("verysecret");
  }
}
