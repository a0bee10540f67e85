package dev.slipstream.standalone;

import io.grpc.ChannelCredentials;
import io.grpc.Grpc;
import io.grpc.InsecureChannelCredentials;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.TlsChannelCredentials;
import io.grpc.stub.MetadataUtils;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Connects to a gateway somewhere else. */
final class GatewayChannel {
  private static final Metadata.Key<String> AUTHORIZATION =
      Metadata.Key.of("authorization", Metadata.ASCII_STRING_MARSHALLER);

  private static final Pattern ADDRESS =
      Pattern.compile("(?:\\[([^\\[\\]/]+)]|([^:\\[\\]/]+)):(\\d{1,5})");

  private GatewayChannel() {}

  /**
   * @param address {@code host:port}, or {@code [address]:port} for IPv6
   * @param authorities file with the certificates of authorities, in PEM; empty for no TLS
   * @throws IOException if it cannot be read
   * @throws IllegalArgumentException if the address is of another form
   */
  static ManagedChannel open(String address, Optional<Path> authorities, Optional<String> key)
      throws IOException {
    ChannelCredentials credentials =
        authorities.isEmpty()
            ? InsecureChannelCredentials.create()
            : TlsChannelCredentials.newBuilder().trustManager(authorities.get().toFile()).build();
    Matcher parts = ADDRESS.matcher(address);
    if (!parts.matches()) {
      throw new IllegalArgumentException(
          "--address must be HOST:PORT, or [ADDRESS]:PORT for IPv6: '" + address + "'.");
    }
    String host = parts.group(1) == null ? parts.group(2) : parts.group(1);
    var channel =
        Grpc.newChannelBuilderForAddress(host, Integer.parseInt(parts.group(3)), credentials);
    key.ifPresent(
        secret -> {
          Metadata headers = new Metadata();
          headers.put(AUTHORIZATION, "Bearer " + secret);
          channel.intercept(MetadataUtils.newAttachHeadersInterceptor(headers));
        });
    return channel.build();
  }
}
