package dev.slipstream.standalone.suite;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.slipstream.gateway.access.KeyHash;
import dev.slipstream.models.catalog.CacheDirectory;
import dev.slipstream.models.catalog.ResolvedModel;
import dev.slipstream.standalone.chart.ServiceKeys;
import dev.slipstream.standalone.suite.SuiteConfiguration.Form;
import dev.slipstream.startup.ConfigurationException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Whoever breaks this has users wait for a model only to be told of a misspelt variable. */
@Tag("suite")
class SuiteConfigurationTest {
  private static final String KEY = "alice " + KeyHash.of("sk-1");

  /** A value for every key: valid, and where possible another than the default. */
  private static final String SAMPLES =
      """
      gateway.failover.heartbeat=3s
      gateway.failover.silence=6s
      gateway.failover.patience=7s
      gateway.failover.quarantine=8s
      gateway.max-body-size=5MB
      gateway.keep-alive=9s
      gateway.allowed-origins=https://example.org
      gateway.allowed-hosts=example.org
      gateway.api-keys-interval=3s
      gateway.request-timeout=11s
      gateway.body-pause=12s
      gateway.workers=3
      gateway.max-queued-prompts=99
      gateway.limits.answers=98
      gateway.limits.answer-time=2h
      gateway.limits.request-bytes=48MB
      gateway.limits.connections=97
      draft.default-drafter=prompt-lookup
      draft.threads=3
      draft.max-streams=96
      draft.max-context=4096
      draft.max-indexed-tokens=8192
      draft.max-nodes=31
      draft.resting.nodes=3
      draft.resting.interval=7
      draft.prompt-lookup.min-ngram=3
      draft.prompt-lookup.max-ngram=7
      draft.prompt-lookup.candidates=15
      draft.prompt-lookup.max-depth=14
      target.model=mine
      target.model-id=my-model
      target.threads=1
      target.context-length=512
      target.max-batch-rows=128
      target.prefill-chunk=32
      target.max-running=7
      target.max-queued=95
      target.max-resumed=13
      target.max-draft-tokens=12
      target.drafters=prompt-lookup
      target.prompt-lookup.min-ngram=3
      target.prompt-lookup.max-ngram=7
      target.prompt-lookup.candidates=15
      target.prompt-lookup.max-depth=14
      target.drain-limit=13s
      target.kv-cache.size=64MB
      target.kv-cache.memory-fraction=0.25
      target.kv-cache.key-encoding=f32
      target.kv-cache.value-encoding=f32
      target.kv.patience=60ms
      target.kv.fetch-rate=90MB
      target.kv.pause=6s
      target.kv.store-queue=32MB
      target.kv.fetch-memory=33MB
      target.kv.refusal=14s
      target.kv.max-block-size=8MB
      target.cost-budget=3s
      target.cache-directory=elsewhere
      kv.storage=redis
      kv.max-block-size=8MB
      kv.max-keys=94
      kv.max-fetch-size=96MB
      kv.max-in-flight=97MB
      kv.memory.capacity=98MB
      kv.redis.uris=redis://one:1,redis://two:2
      kv.redis.cluster=true
      kv.redis.username=me
      kv.redis.password=sesame
      kv.redis.key-prefix=mine:
      kv.redis.time-to-live=2h
      kv.redis.command-timeout=600ms
      """;

  /** Keys that are refused by name when they have this value. */
  private static final Map<String, String> REFUSED =
      Map.of(
          "gateway.targets", "static://a:1",
          "gateway.drafts", "static://a:1",
          "gateway.api-keys", "sesame",
          "gateway.api-keys-file", "/no/such/file",
          "target.kv.target", "static://a:1",
          "kv.redis.ssl-bundle", "none");

  @TempDir private Path home;

  @BeforeAll
  static void keepLogging() {
    System.setProperty("org.springframework.boot.logging.LoggingSystem", "none");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "SLIPSTREAM_TARGET_KVCACHE_SIZE=5XB | must be a size such as 512MB",
        "SLIPSTREAM_TARGET_KV_CACHE_SIZE=5XB | must be a size such as 512MB",
        "SLIPSTREAM_TARGET_KVCACHE_SIZE=1KB | size must be at least 1MB",
        "SLIPSTREAM_TARGET_MAXRUNNING=-1 | must be greater than or equal to 1",
        "SLIPSTREAM_TARGET_MAXRUNNING=many | must be a whole number",
        "SLIPSTREAM_TARGET_MAXRUNNING=99999999999 | must be a whole number of at most 2147483647",
        "SLIPSTREAM_TARGET_MAXRUNNING=300 | max-running must not exceed max-batch-rows",
        "SLIPSTREAM_TARGET_KVCACHE_MEMORYFRACTION=half | must be a number",
        "SLIPSTREAM_TARGET_DRAINLIMIT=soon | must be a duration such as 500ms",
        "SLIPSTREAM_TARGET_KV_MAXBLOCKSIZE=2GB | max-block-size must be at most 64MB",
        "SLIPSTREAM_DRAFT_PROMPTLOOKUP_MINNGRAM=9 | needs 1 <= min-ngram <= max-ngram <= 32",
        "SLIPSTREAM_TARGET_MODEL=' ' | must not be blank",
        "SLIPSTREAM_TARGET_DRAINLIMIT=200000d | must be at most 106751d",
        "SLIPSTREAM_GATEWAY_FAILOVER_PATIENCE=PT99999999H | must be at most 106751d",
        "SLIPSTREAM_KV_MEMORY_CAPACITY=4096TB | memory.capacity must be at most the memory of this machine",
        "SLIPSTREAM_KV_STORAGE=disk | must be one of memory, redis",
        "SLIPSTREAM_TARGET_KVCACHE_KEYENCODING=f16 | must be one of i16, f32",
        "SLIPSTREAM_KV_REDIS_CLUSTER=perhaps | must be true or false",
        "SLIPSTREAM_GATEWAY_MAXBODYSIZE=1GB | max-body-size must be between 1KB and 64MB",
        "SLIPSTREAM_GATEWAY_LIMITS_ANSWERTIME=0s | answer-time must be at least 1s",
        "SLIPSTREAM_GATEWAY_FAILOVER_HEARTBEAT=1ms | heartbeat and silence must be at least 10ms",
        "SLIPSTREAM_GATEWAY_LIMITS_REQUESTBYTES=1MB | at least twice slipstream.gateway.max-body-size",
        "SLIPSTREAM_GATEWAY_APIKEYSFILE=/no/such/file | there is none",
        "SLIPSTREAM_GATEWAY_APIKEYSFILE=/ | directory",
        // Misspelt: of no effect, if nobody said so.
        "SLIPSTREAM_GATEWAY_APIKEYS_FILE | did you mean SLIPSTREAM_GATEWAY_APIKEYSFILE?",
        "SLIPSTREAM_TARGET_MAXRUNING | did you mean SLIPSTREAM_TARGET_MAXRUNNING?",
        "SLIPSTREAM_KV_MEMORY_CAPACTY | did you mean SLIPSTREAM_KV_MEMORY_CAPACITY?",
        "SLIPSTREAM_DRAFT_TREADS | did you mean SLIPSTREAM_DRAFT_THREADS?",
        "SLIPSTREAM_TARGET_COLOUR | there is no such setting",
        // Documented, but the suite's own affair.
        "SLIPSTREAM_GATEWAY_TARGETS=static://a:1 | the suite connects its services by itself",
        "SLIPSTREAM_GATEWAY_DRAFTS=static://a:1 | the suite connects its services by itself",
        "SLIPSTREAM_TARGET_KV_TARGET=static://a:1 | the suite connects its services by itself",
        "SERVER_PORT=8081 | use --port",
        "SERVER_ADDRESS=0.0.0.0 | use --host",
        "SPRING_GRPC_SERVER_PORT=9091 | use --grpc-port",
      })
  void aMistakeIsOneLineThatNamesTheVariableAndTheReason(String variable, String reason) {
    String name = variable.split("=", 2)[0];
    String value = variable.contains("=") ? variable.split("=", 2)[1].replace("'", "") : "1";
    assertThatThrownBy(() -> check(Form.EMBEDDED, Map.of(name, value)))
        .isInstanceOf(ConfigurationException.class)
        .message()
        .hasLineCount(1)
        .startsWith(name)
        .contains(reason);
  }

  @ParameterizedTest
  @CsvSource({
    "localhost:6379, must begin with redis://",
    "cache.example, must begin with redis://",
    "http://cache:6379, must begin with redis://",
    "redis://, is no address",
    "redis://:sesame@/0, names no host"
  })
  void anAddressOfRedisThatIsNoneIsNamedWithoutItsPassword(String uri, String reason) {
    assertThatThrownBy(
            () ->
                check(
                    Form.EMBEDDED,
                    Map.of("SLIPSTREAM_KV_STORAGE", "redis", "SLIPSTREAM_KV_REDIS_URIS", uri)))
        .isInstanceOf(ConfigurationException.class)
        .message()
        .hasLineCount(1)
        .startsWith("SLIPSTREAM_KV_REDIS_URIS: ")
        .contains(reason)
        .doesNotContain("sesame");
  }

  @ParameterizedTest
  @ValueSource(strings = {"KEYSTORE_CERTIFICATE", "KEYSTORE_PRIVATEKEY", "TRUSTSTORE_CERTIFICATE"})
  void aCertificateThatCannotBeReadIsNamedBeforeAnythingUsesIt(String setting) throws Exception {
    for (Path file :
        List.of(home.resolve("no.pem"), Files.writeString(home.resolve("bad.pem"), "x"), home)) {
      var variables = new HashMap<>(Map.of("SPRING_SSL_BUNDLE_PEM_X_" + setting, "file:" + file));
      if (setting.endsWith("KEY")) {
        variables.put("SPRING_SSL_BUNDLE_PEM_X_KEYSTORE_CERTIFICATE", "file:" + file);
      }
      assertThatThrownBy(() -> check(Form.EMBEDDED, variables))
          .isInstanceOf(ConfigurationException.class)
          .message()
          .hasLineCount(1)
          .contains("spring.ssl.bundle.pem.x cannot be used");
    }
  }

  @ParameterizedTest
  @CsvSource({
    "SERVER_SSL_BUNDLE, x, TLS is for --topology embedded",
    "SPRING_GRPC_SERVER_SSL_BUNDLE, x, TLS is for --topology embedded",
    "MANAGEMENT_SERVER_PORT, 9000, four processes cannot share one"
  })
  void whatFourProcessesCannotShareIsRefusedByName(String name, String value, String reason) {
    assertThatThrownBy(() -> check(Form.PROCESSES, Map.of(name, value)))
        .isInstanceOf(ConfigurationException.class)
        .hasMessageStartingWith(name + "=" + value)
        .hasMessageContaining(reason);
  }

  @Test
  void aFileOfKeysMayBeginWithAByteOrderMarkAndAFaultyLineIsNamed() throws Exception {
    Path marked = Files.writeString(home.resolve("marked"), "\uFEFF" + KEY + "\r\n");
    assertThatCode(() -> check(Form.EMBEDDED, keys(marked))).doesNotThrowAnyException();
    Path bare = Files.writeString(home.resolve("bare"), "\uFEFF\n# a comment\n" + KEY);
    assertThatCode(() -> check(Form.EMBEDDED, keys(bare))).doesNotThrowAnyException();

    Path faulty = Files.writeString(home.resolve("faulty"), KEY + "\nsk-secret\n");
    assertThatThrownBy(() -> check(Form.EMBEDDED, keys(faulty)))
        .hasMessageContaining(faulty + ", line 2")
        .hasMessageNotContaining("sk-secret");
    Path latin = Files.write(home.resolve("latin"), new byte[] {(byte) 0xfc});
    assertThatThrownBy(() -> check(Form.EMBEDDED, keys(latin)))
        .hasMessageContaining("it is not UTF-8");
  }

  private static Map<String, String> keys(Path file) {
    return Map.of("SLIPSTREAM_GATEWAY_APIKEYSFILE", file.toString());
  }

  /** Or a pod beside a Service of that name would not start. */
  @Test
  void whatKubernetesTellsOfServicesIsNoConfiguration() {
    var links =
        Map.of(
            "SLIPSTREAM_TARGET_SERVICE_HOST", "10.0.0.1",
            "SLIPSTREAM_TARGET_SERVICE_PORT_GRPC", "9092",
            "SLIPSTREAM_KV_PORT", "tcp://10.0.0.1:9093",
            "SLIPSTREAM_KV_PORT_9093_TCP_ADDR", "10.0.0.1");
    assertThatCode(() -> check(Form.EMBEDDED, links)).doesNotThrowAnyException();
  }

  /** Set as the documentation says, a key is what its service gets, whatever the suite sets. */
  @ParameterizedTest
  @EnumSource(Form.class)
  void everyKeyReachesItsService(Form form) throws Exception {
    Map<String, String> samples =
        SAMPLES.lines().collect(Collectors.toMap(l -> l.split("=")[0], l -> l.split("=", 2)[1]));
    SuiteConfiguration set =
        check(
            form,
            samples.entrySet().stream()
                .collect(Collectors.toMap(e -> variable(e.getKey()), Map.Entry::getValue)));
    Set<String> tried = new TreeSet<>(samples.keySet());
    tried.addAll(REFUSED.keySet());
    // The models of drafters are fetched when the service starts.
    tried.add("draft.model");
    assertThat(tried).as("keys that are tried here").containsExactlyInAnyOrderElementsOf(keys());

    for (Service service : Service.values()) {
      String role = service.name().toLowerCase(Locale.ROOT);
      var arguments =
          new ServiceProperties(settings(set)).arguments(service, Map.of(), addresses());
      samples.forEach(
          (key, value) -> {
            if (key.startsWith(role + ".")) {
              assertThat(set.value(service, "slipstream." + key)).as(key).contains(value);
              assertThat(arguments)
                  .as("what hides " + key)
                  .allMatch(
                      argument ->
                          !argument.startsWith("--slipstream." + key + "=")
                              || argument.endsWith("=" + value)
                              || key.equals("target.model"));
            }
          });
    }
  }

  @Test
  void everyOtherKeyIsRefusedByName() {
    REFUSED.forEach(
        (key, value) -> {
          var variables = new HashMap<>(Map.of(variable(key), value));
          variables.put("SLIPSTREAM_KV_STORAGE", "redis");
          variables.put("SLIPSTREAM_KV_REDIS_URIS", "rediss://one");
          assertThatThrownBy(() -> check(Form.EMBEDDED, variables))
              .as(key)
              .isInstanceOf(ConfigurationException.class)
              .hasMessageContaining(variable(key))
              .hasMessageNotContaining("sesame");
        });
  }

  /** What the options are for, the configuration may say instead, but not as well. */
  @Test
  void anOptionBesideTheSameSettingIsRefused() {
    var set = check(Form.EMBEDDED, Map.of("SLIPSTREAM_TARGET_MODEL", "mine"));
    assertThatThrownBy(() -> set.refuseBeside("--model", Service.TARGET, "slipstream.target.model"))
        .hasMessage("SLIPSTREAM_TARGET_MODEL=mine: leave it out, or --model.");
    assertThatCode(() -> set.refuseBeside("--threads", Service.TARGET, "slipstream.target.threads"))
        .doesNotThrowAnyException();
  }

  private static List<String> keys() {
    return Stream.of("gateway", "draft", "target", "kv")
        .flatMap(
            role ->
                ServiceKeys.of(role).own().stream()
                    .map(
                        key ->
                            role + "." + key.replaceAll("([A-Z])", "-$1").toLowerCase(Locale.ROOT)))
        .toList();
  }

  private static String variable(String key) {
    return ("slipstream." + key).replace("-", "").replace('.', '_').toUpperCase(Locale.ROOT);
  }

  private static Map<Service, String> addresses() {
    return Stream.of(Service.values()).collect(Collectors.toMap(s -> s, s -> "static://a:1"));
  }

  private SuiteSettings settings(SuiteConfiguration configuration) {
    return new SuiteSettings(
        configuration,
        new ResolvedModel("none", home, 8, "0".repeat(64), Optional.empty(), Optional.empty()),
        OptionalInt.empty(),
        Optional.empty(),
        new CacheDirectory(home),
        Map.of());
  }

  private static SuiteConfiguration check(Form form, Map<String, String> variables) {
    return SuiteConfiguration.check(form, variables, Map.of());
  }
}
