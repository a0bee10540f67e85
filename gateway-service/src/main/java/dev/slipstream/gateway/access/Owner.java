package dev.slipstream.gateway.access;

import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.util.Arrays;
import java.util.HexFormat;
import org.jspecify.annotations.Nullable;

/**
 * On whose account something is held: a key or, where nobody needs one, an address.
 *
 * @param kind for messages: {@code key} or {@code address}
 * @param name of the key; the address, which for IPv6 is the network of 64 bits, as a host has all
 *     of that to choose from
 */
public record Owner(String kind, String name) {
  private static final int NETWORK_BYTES = 8;

  public static Owner of(KeyUse key) {
    return new Owner("key", key.key().name());
  }

  /**
   * @param remote null if it is not known
   */
  public static Owner of(@Nullable SocketAddress remote) {
    if (remote instanceof InetSocketAddress socket && socket.getAddress() != null) {
      return new Owner("address", network(socket.getAddress()));
    }
    return new Owner("address", "unknown");
  }

  private static String network(InetAddress address) {
    return address instanceof Inet6Address
        ? HexFormat.of().formatHex(Arrays.copyOf(address.getAddress(), NETWORK_BYTES))
        : address.getHostAddress();
  }
}
