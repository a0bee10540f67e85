package dev.slipstream.gateway.http;

import io.netty.channel.ChannelDuplexHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPromise;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http.HttpStatusClass;
import io.netty.handler.codec.http.LastHttpContent;
import java.time.Duration;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;

/**
 * Closes a connection whose client takes too long to send a request: its header, counted from the
 * connection's start or the last response, or its body. A byte now and then buys no time, as it
 * would with an idle timeout. Sits behind the HTTP codec; used by its event loop only.
 */
final class RequestDeadline extends ChannelDuplexHandler {
  private final Duration limit;
  private Future<?> deadline;
  private boolean answered;

  RequestDeadline(Duration limit) {
    this.limit = limit;
  }

  @Override
  public void handlerAdded(ChannelHandlerContext context) {
    restart(context);
  }

  @Override
  public void handlerRemoved(ChannelHandlerContext context) {
    stop();
  }

  @Override
  public void channelInactive(ChannelHandlerContext context) throws Exception {
    stop();
    super.channelInactive(context);
  }

  @Override
  public void channelRead(ChannelHandlerContext context, Object message) throws Exception {
    if (message instanceof HttpRequest) {
      answered = false;
      restart(context);
    }
    // An answer may come first, and then the wait for the next request has begun.
    if (message instanceof LastHttpContent && !answered) {
      stop();
    }
    super.channelRead(context, message);
  }

  @Override
  public void write(ChannelHandlerContext context, Object message, ChannelPromise promise)
      throws Exception {
    boolean interim =
        message instanceof HttpResponse response
            && response.status().codeClass() == HttpStatusClass.INFORMATIONAL;
    if (message instanceof LastHttpContent && !interim) {
      answered = true;
      restart(context);
    }
    super.write(context, message, promise);
  }

  private void restart(ChannelHandlerContext context) {
    stop();
    deadline =
        context.executor().schedule(() -> context.close(), limit.toMillis(), TimeUnit.MILLISECONDS);
  }

  private void stop() {
    if (deadline != null) {
      deadline.cancel(false);
      deadline = null;
    }
  }
}
