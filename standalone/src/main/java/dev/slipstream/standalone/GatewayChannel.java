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

/** Connects to a gateway somewhere else. */
final class GatewayChannel {
  private static final Metadata.Key<String> AUTHORIZATION =
      Metadata.Key.of("authorization", Metadata.ASCII_STRING_MARSHALLER);

  private GatewayChannel() {}

  /**
   * @param address {@code host:port}
   * @param authorities file with the certificates of authorities, in PEM; empty for no TLS
   * @throws IOException if it cannot be read
   */
  static ManagedChannel open(String address, Optional<Path> authorities, Optional<String> key)
      throws IOException {
    ChannelCredentials credentials =
        authorities.isEmpty()
            ? InsecureChannelCredentials.create()
            : TlsChannelCredentials.newBuilder().trustManager(authorities.get().toFile()).build();
    var channel = Grpc.newChannelBuilder(address, credentials);
    key.ifPresent(
        secret -> {
          Metadata headers = new Metadata();
          headers.put(AUTHORIZATION, "Bearer " + secret);
          channel.intercept(MetadataUtils.newAttachHeadersInterceptor(headers));
        });
    return channel.build();
  }
}
