package dev.slipstream.kv.redis;

import io.lettuce.core.AbstractRedisClient;
import io.lettuce.core.ClientOptions;
import io.lettuce.core.RedisClient;
import io.lettuce.core.RedisURI;
import io.lettuce.core.SocketOptions;
import io.lettuce.core.TimeoutOptions;
import io.lettuce.core.api.StatefulConnection;
import io.lettuce.core.api.StatefulRedisConnection;
import io.lettuce.core.cluster.ClusterClientOptions;
import io.lettuce.core.cluster.ClusterTopologyRefreshOptions;
import io.lettuce.core.cluster.RedisClusterClient;
import io.lettuce.core.cluster.api.StatefulRedisClusterConnection;
import io.lettuce.core.cluster.api.async.RedisClusterAsyncCommands;
import io.lettuce.core.codec.ByteArrayCodec;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletionStage;
import java.util.stream.Collectors;

/** One Redis or Valkey, or a cluster of them, through Lettuce. */
final class RedisServer implements AutoCloseable {
  private static final Duration TOPOLOGY_REFRESH = Duration.ofSeconds(30);

  /**
   * A connection that is ready for use.
   *
   * @param isWhole whether it ends when its server goes; one to a cluster goes on with the others
   */
  record Session(
      StatefulConnection<byte[], byte[]> connection,
      RedisClusterAsyncCommands<byte[], byte[]> commands,
      boolean isWhole) {}

  private interface Connector {
    CompletionStage<Session> connect();
  }

  private final String name;
  private final AbstractRedisClient client;
  private final Connector connector;

  RedisServer(RedisSettings settings) {
    List<RedisURI> uris = settings.uris();
    uris.forEach(uri -> uri.setTimeout(settings.commandTimeout()));
    name =
        uris.stream()
            .map(uri -> uri.getHost() + ":" + uri.getPort())
            .collect(Collectors.joining(","));
    if (settings.cluster()) {
      RedisClusterClient nodes = RedisClusterClient.create(uris);
      nodes.setOptions(clusterOptions(settings));
      client = nodes;
      connector =
          () ->
              nodes
                  .refreshPartitionsAsync()
                  .thenCompose(known -> nodes.connectAsync(ByteArrayCodec.INSTANCE))
                  .thenApply(RedisServer::session);
    } else {
      RedisClient single = RedisClient.create();
      single.setOptions(options(ClientOptions.builder(), settings).autoReconnect(false).build());
      client = single;
      connector =
          () ->
              single
                  .connectAsync(ByteArrayCodec.INSTANCE, uris.getFirst())
                  .thenApply(RedisServer::session);
    }
  }

  /** Nodes come back one by one, so that here it is Lettuce that connects to them again. */
  @SuppressWarnings("deprecation")
  private static ClusterClientOptions clusterOptions(RedisSettings settings) {
    ClusterClientOptions.Builder options = ClusterClientOptions.builder();
    options(options, settings);
    return options
        .topologyRefreshOptions(
            ClusterTopologyRefreshOptions.builder()
                .enablePeriodicRefresh(TOPOLOGY_REFRESH)
                .enableAllAdaptiveRefreshTriggers()
                .build())
        .build();
  }

  private static ClientOptions.Builder options(
      ClientOptions.Builder options, RedisSettings settings) {
    settings.ssl().ifPresent(options::sslOptions);
    return options
        // A block that has to wait for a connection is computed sooner.
        .disconnectedBehavior(ClientOptions.DisconnectedBehavior.REJECT_COMMANDS)
        // Whoever waits for an answer gives up the connection with it, which Lettuce would not; and
        // Lettuce's time would begin when a block is asked for ahead, not when it is waited for.
        .timeoutOptions(TimeoutOptions.builder().timeoutCommands(false).build())
        .socketOptions(
            SocketOptions.builder()
                .connectTimeout(settings.commandTimeout())
                .keepAlive(true)
                .build());
  }

  private static Session session(StatefulRedisConnection<byte[], byte[]> connection) {
    return new Session(connection, connection.async(), true);
  }

  private static Session session(StatefulRedisClusterConnection<byte[], byte[]> connection) {
    return new Session(connection, connection.async(), false);
  }

  /** Connects, authenticates and, of a cluster, learns the nodes. Does not block. */
  CompletionStage<Session> connect() {
    return connector.connect();
  }

  /** Addresses, without credentials. */
  @Override
  public String toString() {
    return name;
  }

  @Override
  public void close() {
    client.shutdown(Duration.ZERO, Duration.ofSeconds(2));
  }
}
