package dev.slipstream.transport;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.grpc.Server;
import java.io.IOException;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.grpc.server.NettyGrpcServerFactory;

/** Whoever breaks this opens a server to everybody that was configured for this machine alone. */
class BracketedAddressesTest {

  @ParameterizedTest
  @ValueSource(strings = {"127.0.0.1", "0:0:0:0:0:0:0:1", "localhost"})
  void aServerListensWhereItIsConfiguredTo(String host) throws Exception {
    assumeTrue(!host.contains(":") || hasIpv6(), "skipped: this machine has no IPv6");
    int port = freePort(host);
    var factory = new NettyGrpcServerFactory(host + ":" + port, List.of(), null, null, null);

    new BracketedAddresses().postProcessBeforeInitialization(factory, "factory");

    Server server = factory.createServer().start();
    try {
      var address = (InetSocketAddress) server.getListenSockets().getFirst();
      assertThat(address.getPort()).isEqualTo(port);
      assertThat(address.getAddress().isLoopbackAddress()).as("%s", address).isTrue();
      assertThat(address.getAddress() instanceof Inet6Address).isEqualTo(host.contains(":"));
    } finally {
      server.shutdownNow();
    }
  }

  private static int freePort(String host) throws IOException {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getByName(host))) {
      return socket.getLocalPort();
    }
  }

  private static boolean hasIpv6() {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getByName("::1"))) {
      return socket.isBound();
    } catch (IOException e) {
      return false;
    }
  }
}
