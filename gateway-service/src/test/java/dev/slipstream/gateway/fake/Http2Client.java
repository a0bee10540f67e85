package dev.slipstream.gateway.fake;

import io.netty.bootstrap.Bootstrap;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioSocketChannel;
import io.netty.handler.codec.http2.DefaultHttp2DataFrame;
import io.netty.handler.codec.http2.DefaultHttp2Headers;
import io.netty.handler.codec.http2.DefaultHttp2HeadersFrame;
import io.netty.handler.codec.http2.Http2FrameCodecBuilder;
import io.netty.handler.codec.http2.Http2Headers;
import io.netty.handler.codec.http2.Http2HeadersFrame;
import io.netty.handler.codec.http2.Http2MultiplexHandler;
import io.netty.handler.codec.http2.Http2StreamChannelBootstrap;
import io.netty.util.ReferenceCountUtil;
import java.nio.ByteBuffer;
import java.util.concurrent.CompletableFuture;

/** A gRPC client that may leave its messages unfinished, as no library would. */
public final class Http2Client implements AutoCloseable {
  private static final int PREFIX = 5;

  private final EventLoopGroup loop = new MultiThreadIoEventLoopGroup(1, NioIoHandler.newFactory());
  private final Channel connection;

  public Http2Client(int port) {
    connection =
        new Bootstrap()
            .group(loop)
            .channel(NioSocketChannel.class)
            .handler(
                new ChannelInitializer<>() {
                  @Override
                  protected void initChannel(Channel channel) {
                    channel
                        .pipeline()
                        .addLast(
                            Http2FrameCodecBuilder.forClient().build(),
                            new Http2MultiplexHandler(new ChannelInboundHandlerAdapter()));
                  }
                })
            .connect("127.0.0.1", port)
            .syncUninterruptibly()
            .channel();
  }

  /** One call. */
  public static final class Call {
    private final Channel stream;
    private final CompletableFuture<Http2Headers> end;

    private Call(Channel stream, CompletableFuture<Http2Headers> end) {
      this.stream = stream;
      this.end = end;
    }

    /** More of the message. */
    public Call send(byte[] bytes) {
      stream
          .writeAndFlush(new DefaultHttp2DataFrame(Unpooled.wrappedBuffer(bytes)))
          .syncUninterruptibly();
      return this;
    }

    /** No more comes. */
    public Call end() {
      stream
          .writeAndFlush(new DefaultHttp2DataFrame(Unpooled.EMPTY_BUFFER, true))
          .syncUninterruptibly();
      return this;
    }

    /** What a call that is refused ends with. */
    public Http2Headers trailers() {
      return Waiting.get(end, "the end of the call");
    }

    public String status() {
      return trailers().get("grpc-status").toString();
    }

    public void cancel() {
      stream.close().syncUninterruptibly();
    }
  }

  /**
   * Begins a call, and its message.
   *
   * @param length that the message claims to have
   * @param authorization null for none
   */
  public Call begin(String method, String authority, String authorization, int length) {
    CompletableFuture<Http2Headers> end = new CompletableFuture<>();
    Channel stream =
        new Http2StreamChannelBootstrap(connection)
            .handler(
                new ChannelInboundHandlerAdapter() {
                  @Override
                  public void channelRead(ChannelHandlerContext context, Object frame) {
                    if (frame instanceof Http2HeadersFrame headers && headers.isEndStream()) {
                      end.complete(headers.headers());
                    }
                    ReferenceCountUtil.release(frame);
                  }
                })
            .open()
            .syncUninterruptibly()
            .getNow();
    Http2Headers headers =
        new DefaultHttp2Headers()
            .method("POST")
            .scheme("http")
            .authority(authority)
            .path("/" + method)
            .set("content-type", "application/grpc")
            .set("te", "trailers");
    if (authorization != null) {
      headers.set("authorization", authorization);
    }
    stream.writeAndFlush(new DefaultHttp2HeadersFrame(headers)).syncUninterruptibly();
    return new Call(stream, end)
        .send(ByteBuffer.allocate(PREFIX).put((byte) 0).putInt(length).array());
  }

  @Override
  public void close() {
    connection.close().syncUninterruptibly();
    loop.shutdownGracefully();
  }
}
