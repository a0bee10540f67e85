package dev.slipstream.gateway.upstream;

import io.grpc.ManagedChannel;
import java.util.Optional;

/** Makes channels, and closes those that are left in the end. */
@FunctionalInterface
public interface Channels {
  /**
   * @param target as gRPC names it
   * @param authority host and port that the server is known by, if that is not what the target says
   */
  ManagedChannel open(String target, Optional<String> authority);
}
