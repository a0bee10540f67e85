package dev.slipstream.standalone.suite;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What is printed is what users paste. */
class NetworkTest {
  @ParameterizedTest
  @CsvSource({
    "127.0.0.1, http://127.0.0.1:8080, 127.0.0.1:9090",
    "0.0.0.0, http://127.0.0.1:8080, 127.0.0.1:9090",
    "localhost, http://localhost:8080, localhost:9090",
    "my-host.example, http://my-host.example:8080, my-host.example:9090",
    "::1, http://[::1]:8080, [::1]:9090",
    "[::1], http://[::1]:8080, [::1]:9090",
    "::, http://[::1]:8080, [::1]:9090",
    "fd00::2, http://[fd00::2]:8080, [fd00::2]:9090",
    "fe80::1%eth0, http://[fe80::1%eth0]:8080, [fe80::1%eth0]:9090"
  })
  void addressesAreWrittenAsTheirKindDemands(String host, String http, String grpc) {
    var network = new SuiteSettings.Network(host, 0, 0);
    assertThat(network.http("http", 8080)).hasToString(http);
    assertThat(network.grpc(9090)).isEqualTo(grpc);
  }
}
