package dev.slipstream.kv;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.slipstream.kv.redis.RedisProcess;
import dev.slipstream.transport.TestAuthority;
import io.micrometer.core.instrument.MeterRegistry;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.springframework.boot.WebApplicationType;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.boot.context.properties.source.InvalidConfigurationPropertyValueException;
import org.springframework.context.ConfigurableApplicationContext;

@Tag("suite")
class RedisStartTest {
  private static final Duration PATIENCE = Duration.ofMinutes(2);

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      nullValues = "-",
      value = {
        "- | uris | must name a server",
        "uris=http://a | uris | redis:// or rediss://",
        "uris=redis://:hidden@a/x | uris | number of a database",
        "uris=redis://a,redis://b | uris | set slipstream.kv.redis.cluster",
        "uris=redis://a/1 cluster=true | uris | of which a cluster has but one",
        "uris=redis://a username=kv | username | needs a password",
        "uris=redis://a ssl-bundle=b | ssl-bundle | must begin with rediss://",
        "uris=rediss://a ssl-bundle=b | ssl-bundle | no such bundle",
      })
  void aConfigurationThatCannotWorkIsRefusedByTheNameOfItsKey(
      String settings, String key, String reason) {
    List<String> arguments = new ArrayList<>();
    if (settings != null) {
      for (String setting : settings.split(" ")) {
        arguments.add("--slipstream.kv.redis." + setting);
      }
    }
    assertThatThrownBy(() -> start(arguments).close())
        .rootCause()
        .isInstanceOfSatisfying(
            InvalidConfigurationPropertyValueException.class,
            e -> {
              assertThat(e.getName()).isEqualTo("slipstream.kv.redis." + key);
              assertThat(e.getReason()).contains(reason);
              assertThat(e.getMessage()).doesNotContain("hidden");
            });
  }

  /** An operator who restarts everything need not think of the order. */
  @Test
  void theServiceStartsWithoutRedis() {
    try (var context = start(List.of("--slipstream.kv.redis.uris=redis://127.0.0.1:1"))) {
      assertThat(context.isRunning()).isTrue();
    }
  }

  /** Prompts must not cross a network in the clear, or go to whoever answers. */
  @Test
  void tlsIsSpokenWithServersOfTheConfiguredAuthorityOnly(@TempDir Path folder) {
    TestAuthority ours = new TestAuthority("ours");
    Path server = ours.issue(folder.resolve("server"), "localhost");
    try (RedisProcess redis = RedisProcess.startTls(server)) {
      String uri = "--slipstream.kv.redis.uris=rediss://127.0.0.1:" + redis.port();
      try (var trusting = start(bundle(uri, ours.issue(folder.resolve("kv"), "kv")))) {
        await().atMost(PATIENCE).until(() -> connected(trusting) == 1);
      }
      Path strange = new TestAuthority("other").issue(folder.resolve("strange"), "kv");
      try (var stranger = start(bundle(uri, strange))) {
        await()
            .during(Duration.ofSeconds(2))
            .atMost(PATIENCE)
            .until(() -> connected(stranger) == 0);
      }
    }
  }

  private static List<String> bundle(String uri, Path certificates) {
    String pem = "--spring.ssl.bundle.pem.cache.";
    return List.of(
        uri,
        "--slipstream.kv.redis.ssl-bundle=cache",
        pem + "keystore.certificate=" + certificates.resolve("tls.crt"),
        pem + "keystore.private-key=" + certificates.resolve("tls.key"),
        pem + "truststore.certificate=" + certificates.resolve("ca.crt"));
  }

  private static double connected(ConfigurableApplicationContext context) {
    return context
        .getBean(MeterRegistry.class)
        .get("slipstream.kv.redis.connected")
        .gauge()
        .value();
  }

  private static ConfigurableApplicationContext start(List<String> arguments) {
    List<String> all = new ArrayList<>(arguments);
    all.add("--slipstream.kv.storage=redis");
    all.add("--spring.grpc.server.port=0");
    return new SpringApplicationBuilder(KvApplication.class)
        .web(WebApplicationType.NONE)
        .registerShutdownHook(false)
        .logStartupInfo(false)
        .run(all.toArray(String[]::new));
  }
}
