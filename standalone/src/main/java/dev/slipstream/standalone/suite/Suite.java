package dev.slipstream.standalone.suite;

import io.grpc.ManagedChannel;
import java.net.URI;
import java.util.Optional;

/** A running suite. Closing it lets running answers end, within limits. */
public sealed interface Suite extends AutoCloseable permits EmbeddedSuite, ProcessSuite {

  /** A new channel to the gateway; the caller shuts it down. */
  ManagedChannel gateway();

  /** Base address of the gateway's HTTP API, if it has one. */
  Optional<URI> httpAddress();

  /** {@code host:port} of the gateway's gRPC server, if it has one. */
  Optional<String> grpcAddress();

  /** Why the suite, which is not ready yet, will not become so. */
  Optional<String> failure();

  /** Ends it at once: nobody has been served yet, whatever is being loaded is given up. */
  void abandon();

  @Override
  void close();
}
