package dev.slipstream.gateway.http;

import dev.slipstream.startup.ConfigurationException;
import io.netty.channel.Channel;
import org.springframework.boot.reactor.netty.NettyReactiveWebServerFactory;
import org.springframework.boot.web.server.Http2;
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

  /** What it gives them is made for HTTP/1, and with HTTP/2 there would be neither. */
  @Override
  public void customize(NettyReactiveWebServerFactory factory) {
    Http2 http2 = factory.getHttp2();
    if (http2 != null && http2.isEnabled()) {
      throw new ConfigurationException(
          "server.http2.enabled must be false: the HTTP port speaks HTTP/1 only. Put a proxy in front of it that speaks HTTP/2 to clients.");
    }
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
