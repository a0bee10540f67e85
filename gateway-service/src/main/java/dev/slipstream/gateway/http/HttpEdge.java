package dev.slipstream.gateway.http;

import io.netty.channel.Channel;
import org.springframework.boot.reactor.netty.NettyReactiveWebServerFactory;
import org.springframework.boot.web.server.WebServerFactoryCustomizer;
import org.springframework.stereotype.Component;
import reactor.netty.NettyPipeline;

/** Gives every connection of the HTTP server its limits and its manners. */
@Component
class HttpEdge implements WebServerFactoryCustomizer<NettyReactiveWebServerFactory> {
  private static final String DEADLINE = "requestDeadline";

  private final HttpSettings settings;
  private final Connections connections;

  HttpEdge(HttpSettings settings) {
    this.settings = settings;
    this.connections = new Connections(settings.maxConnections());
  }

  @Override
  public void customize(NettyReactiveWebServerFactory factory) {
    factory.addServerCustomizers(
        server -> server.doOnChannelInit((observer, channel, remote) -> prepare(channel)));
  }

  private void prepare(Channel channel) {
    connections.opened(channel);
    channel
        .pipeline()
        .addAfter(NettyPipeline.HttpCodec, DEADLINE, new RequestDeadline(settings, connections))
        .addAfter(DEADLINE, "httpProtocol", new HttpProtocol());
  }
}
