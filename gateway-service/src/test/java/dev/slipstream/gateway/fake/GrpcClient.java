package dev.slipstream.gateway.fake;

import dev.slipstream.proto.v1.GenerationServiceGrpc;
import dev.slipstream.proto.v1.GenerationServiceGrpc.GenerationServiceBlockingStub;
import io.grpc.Grpc;
import io.grpc.InsecureChannelCredentials;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.stub.MetadataUtils;

/** A client of the gateway's gRPC API, through the network. */
public final class GrpcClient implements AutoCloseable {
  private final ManagedChannel channel;

  public GrpcClient(Gateway gateway) {
    channel =
        Grpc.newChannelBuilder(
                "localhost:" + gateway.grpcPort(), InsecureChannelCredentials.create())
            .build();
  }

  public ManagedChannel channel() {
    return channel;
  }

  /** With this API key. */
  public GenerationServiceBlockingStub stub(String key) {
    Metadata headers = new Metadata();
    headers.put(
        Metadata.Key.of("authorization", Metadata.ASCII_STRING_MARSHALLER), "Bearer " + key);
    return GenerationServiceGrpc.newBlockingStub(channel)
        .withInterceptors(MetadataUtils.newAttachHeadersInterceptor(headers));
  }

  @Override
  public void close() {
    channel.shutdownNow();
  }
}
