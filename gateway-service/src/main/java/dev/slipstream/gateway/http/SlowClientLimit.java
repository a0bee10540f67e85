package dev.slipstream.gateway.http;

import org.springframework.boot.reactor.netty.NettyReactiveWebServerFactory;
import org.springframework.boot.web.server.WebServerFactoryCustomizer;
import org.springframework.stereotype.Component;
import reactor.netty.NettyPipeline;

/** Gives every connection of the HTTP server a {@link RequestDeadline}. */
@Component
class SlowClientLimit implements WebServerFactoryCustomizer<NettyReactiveWebServerFactory> {
  private final HttpSettings settings;

  SlowClientLimit(HttpSettings settings) {
    this.settings = settings;
  }

  @Override
  public void customize(NettyReactiveWebServerFactory factory) {
    factory.addServerCustomizers(
        server ->
            server.doOnChannelInit(
                (observer, channel, remote) ->
                    channel
                        .pipeline()
                        .addAfter(
                            NettyPipeline.HttpCodec,
                            "requestDeadline",
                            new RequestDeadline(settings.requestTimeout()))));
  }
}
