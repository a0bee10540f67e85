package dev.slipstream.standalone.suite;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.slipstream.standalone.suite.SuiteConfiguration.Form;
import dev.slipstream.startup.ConfigurationException;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Whoever breaks this lets the load of one role take the memory that another needs. */
class HeapBudgetTest {
  private static final long MB = 1 << 20;

  @BeforeAll
  static void keepLogging() {
    System.setProperty("org.springframework.boot.logging.LoggingSystem", "none");
  }

  /** The launcher gives 1024 MB, a container a quarter of what it has. */
  @ParameterizedTest
  @ValueSource(longs = {256, 512, 1024, 2048, 65536})
  void whatNobodyHasSetFitsIntoAnyHeap(long megabytes) {
    HeapBudget budget = budget(Map.of(), megabytes);
    assertThatCode(budget::requireRoom).doesNotThrowAnyException();
    assertThat(budget.properties(Service.DRAFT))
        .containsOnlyKeys("slipstream.draft.max-indexed-tokens");
    assertThat(Long.parseLong(budget.properties(Service.DRAFT).values().iterator().next()))
        .isLessThanOrEqualTo(4_194_304);
  }

  @Test
  void whatIsSetStaysAndIsNamedWhenItDoesNotFit() {
    var variables = Map.of("SLIPSTREAM_DRAFT_MAXINDEXEDTOKENS", "8000000");
    assertThat(budget(variables, 4096).properties(Service.DRAFT)).isEmpty();
    assertThatThrownBy(() -> budget(variables, 1024).requireRoom())
        .isInstanceOf(ConfigurationException.class)
        .message()
        .hasLineCount(1)
        .contains("slipstream.draft.max-indexed-tokens (687 MB)", "a heap of 1024 MB", "-Xmx")
        .doesNotContain("request-bytes");
  }

  @Test
  void theHeapThatIsAskedForIsEnough() {
    var variables =
        Map.of(
            "SLIPSTREAM_GATEWAY_LIMITS_REQUESTBYTES", "600MB",
            "SLIPSTREAM_KV_MAXINFLIGHT", "200MB");
    assertThatThrownBy(() -> budget(variables, 1024).requireRoom())
        .hasMessageContaining("request-bytes (600 MB), slipstream.kv.max-in-flight (400 MB)");
    assertThatCode(() -> budget(variables, 2048).requireRoom()).doesNotThrowAnyException();
  }

  /** Beyond what long arithmetic holds, and so below nothing, if it wraps. */
  @ParameterizedTest
  @CsvSource({
    "SLIPSTREAM_DRAFT_MAXINDEXEDTOKENS, 9223372036854775807, slipstream.draft.max-indexed-tokens",
    "SLIPSTREAM_DRAFT_MAXINDEXEDTOKENS, 102481911520608621, slipstream.draft.max-indexed-tokens",
    "SLIPSTREAM_GATEWAY_LIMITS_REQUESTBYTES, 8000000TB, slipstream.gateway.limits.request-bytes",
    "SLIPSTREAM_KV_MAXINFLIGHT, 8000000TB, slipstream.kv.max-in-flight"
  })
  void noNumberIsTooLargeToBeTooMuch(String variable, String value, String key) {
    var variables = new HashMap<>(Map.of("SLIPSTREAM_TARGET_KV_FETCHMEMORY", "8000000TB"));
    variables.put(variable, value);
    assertThatThrownBy(() -> budget(variables, 1024).requireRoom())
        .isInstanceOf(ConfigurationException.class)
        .message()
        .hasLineCount(1)
        .contains(key, "slipstream.target.kv.fetch-memory", "a heap of 1024 MB");
  }

  private static HeapBudget budget(Map<String, String> variables, long megabytes) {
    return HeapBudget.of(
        SuiteConfiguration.check(Form.PRIVATE, variables, Map.of()), megabytes * MB);
  }
}
