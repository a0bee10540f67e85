package dev.slipstream.standalone;

import static org.assertj.core.api.Assertions.assertThat;

import dev.slipstream.gateway.access.ApiKey;
import dev.slipstream.gateway.access.KeyHash;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What it prints must be what the gateway takes. */
class KeyCommandTest {

  private static List<String> create(String... options) {
    Cli cli =
        Cli.run(
            Map.of(),
            Stream.concat(Stream.of("key", "create"), Arrays.stream(options))
                .toArray(String[]::new));
    assertThat(cli.exitCode()).as(cli.err()).isZero();
    return cli.out().lines().toList();
  }

  @Test
  void theLineConfiguresTheKeyAndDoesNotHoldIt() {
    List<String> lines = create("--name", "alice", "--tenant", "shop", "--max-concurrent", "3");
    assertThat(lines).hasSize(2);
    String key = lines.getFirst();
    assertThat(key).matches("sk-slipstream-[A-Za-z0-9_-]{43}");
    assertThat(ApiKey.parse(lines.getLast()))
        .isEqualTo(new ApiKey("alice", KeyHash.of(key), "shop", new ApiKey.Limits(0, 0, 3)));
    assertThat(lines.getLast()).doesNotContain(key);
  }

  @Test
  void everyKeyIsAnother() {
    List<String> one = create();
    List<String> other = create();
    assertThat(one.getFirst()).isNotEqualTo(other.getFirst());
    assertThat(ApiKey.parse(one.getLast()).tenant())
        .isNotEqualTo(ApiKey.parse(other.getLast()).tenant());
  }

  @ParameterizedTest
  @ValueSource(strings = {"--name=a b", "--tenant=", "--max-concurrent=0"})
  void whatTheGatewayWouldNotTakeIsWrongUsage(String option) {
    assertThat(Cli.run(Map.of(), "key", "create", option).exitCode()).isEqualTo(2);
  }

  @Test
  void withoutCommandItSaysWhichThereAre() {
    Cli cli = Cli.run(Map.of(), "key");
    assertThat(cli.exitCode()).isEqualTo(2);
    assertThat(cli.err()).contains("key create");
  }
}
