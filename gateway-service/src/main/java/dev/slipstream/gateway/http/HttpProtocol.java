package dev.slipstream.gateway.http;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelDuplexHandler;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPromise;
import io.netty.handler.codec.DecoderResultProvider;
import io.netty.handler.codec.http.DefaultFullHttpResponse;
import io.netty.handler.codec.http.FullHttpResponse;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaderValues;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpStatusClass;
import io.netty.handler.codec.http.HttpUtil;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http.LastHttpContent;
import io.netty.util.ReferenceCountUtil;
import java.nio.channels.ClosedChannelException;
import java.util.ArrayDeque;
import java.util.Optional;
import java.util.Queue;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.http.HttpStatusCode;

/**
 * What HTTP/1 asks for and the server beneath does not do. It has no bodies for errors of its own,
 * logs every request that it cannot parse with all its lines, takes a body that ends in garbage for
 * a whole one, and sends chunks to HTTP/1.0. Sits behind the HTTP codec; used by its event loop
 * only.
 */
final class HttpProtocol extends ChannelDuplexHandler {
  private static final Logger log = LoggerFactory.getLogger("dev.slipstream.gateway.requests");

  private final JsonWriter json = new JsonWriter();

  /** Versions of the requests whose answers have not ended. */
  private final Queue<HttpVersion> open = new ArrayDeque<>();

  private HttpErrors.@Nullable Failure failure;
  private boolean receiving;
  private boolean answering;

  @Override
  public void channelRead(ChannelHandlerContext context, Object message) throws Exception {
    if (failure == null) {
      failure = wrong(message).orElse(null);
      if (failure != null) {
        fail(context, failure);
      }
    }
    if (failure != null) {
      ReferenceCountUtil.release(message);
      return;
    }
    if (message instanceof HttpRequest request) {
      open.add(request.protocolVersion());
    }
    receiving = !(message instanceof LastHttpContent);
    super.channelRead(context, message);
  }

  private static Optional<HttpErrors.Failure> wrong(Object message) {
    if (message instanceof DecoderResultProvider part && part.decoderResult().isFailure()) {
      return Optional.of(RequestHead.of(part.decoderResult()));
    }
    return message instanceof HttpRequest request ? RequestHead.check(request) : Optional.empty();
  }

  /** Answers of earlier requests come first; the request at fault gets none of its own any more. */
  private void fail(ChannelHandlerContext context, HttpErrors.Failure failure) {
    int earlier = open.size() - (receiving ? 1 : 0);
    if (earlier > 0) {
      return;
    }
    boolean answered = answering || receiving && open.isEmpty();
    if (answered || !context.channel().isActive()) {
      context.close();
      return;
    }
    // Of a body that breaks off, the request's own line tells.
    if (!receiving) {
      log.info(
          "request status={} code={} param=null from={}",
          failure.status().value(),
          failure.body().error().code(),
          context.channel().remoteAddress());
    }
    HttpResponseStatus status = HttpResponseStatus.valueOf(failure.status().value());
    FullHttpResponse response =
        describe(new DefaultFullHttpResponse(HttpVersion.HTTP_1_1, status, bytes(failure)));
    response.headers().set(HttpHeaderNames.CONNECTION, HttpHeaderValues.CLOSE);
    context.writeAndFlush(response).addListener(ChannelFutureListener.CLOSE);
  }

  /** Whatever comes from that side is the client's doing, and the end of it. */
  @Override
  public void exceptionCaught(ChannelHandlerContext context, Throwable cause) throws Exception {
    if (cause instanceof Error) {
      super.exceptionCaught(context, cause);
      return;
    }
    log.debug("connection from {} failed: {}", context.channel().remoteAddress(), cause.toString());
    context.close();
  }

  @Override
  public void write(ChannelHandlerContext context, Object message, ChannelPromise promise)
      throws Exception {
    if (message instanceof HttpResponse response
        && response.status().codeClass() == HttpStatusClass.INFORMATIONAL) {
      super.write(context, message, promise);
      return;
    }
    if (failure != null && receiving && open.size() <= 1) {
      ReferenceCountUtil.release(message);
      promise.tryFailure(new ClosedChannelException());
      return;
    }
    boolean old = HttpVersion.HTTP_1_0.equals(open.peek());
    if (message instanceof HttpResponse response) {
      answering = true;
      if (old) {
        frameByClosing(response);
      }
    }
    Object shown = message instanceof FullHttpResponse response ? withBody(response) : message;
    boolean last = message instanceof LastHttpContent;
    ChannelPromise written = last ? promise.unvoid() : promise;
    super.write(context, shown, written);
    if (last) {
      ended(context, written, old);
    }
  }

  private void ended(ChannelHandlerContext context, ChannelPromise written, boolean old) {
    answering = false;
    open.poll();
    if (old) {
      written.addListener(ChannelFutureListener.CLOSE);
    } else if (failure != null) {
      fail(context, failure);
    }
  }

  private static void frameByClosing(HttpResponse response) {
    response.setProtocolVersion(HttpVersion.HTTP_1_0);
    HttpUtil.setTransferEncodingChunked(response, false);
    response.headers().set(HttpHeaderNames.CONNECTION, HttpHeaderValues.CLOSE);
  }

  private FullHttpResponse withBody(FullHttpResponse response) {
    boolean bare =
        response.status().code() >= 400
            && !response.content().isReadable()
            && !response.headers().contains(HttpHeaderNames.CONTENT_TYPE);
    if (!bare) {
      return response;
    }
    HttpErrors.Failure said = HttpErrors.bare(HttpStatusCode.valueOf(response.status().code()));
    FullHttpResponse full = response.replace(bytes(said));
    response.release();
    return describe(full);
  }

  private ByteBuf bytes(HttpErrors.Failure said) {
    return Unpooled.wrappedBuffer(json.bytes(said.body()));
  }

  private static FullHttpResponse describe(FullHttpResponse response) {
    response
        .headers()
        .set(HttpHeaderNames.CONTENT_TYPE, HttpHeaderValues.APPLICATION_JSON)
        .set(HttpHeaderNames.CONTENT_LENGTH, response.content().readableBytes());
    return response;
  }
}
