package dev.slipstream.gateway.http;

import io.netty.channel.ChannelDuplexHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPromise;
import io.netty.handler.codec.http.HttpContent;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http.HttpStatusClass;
import io.netty.handler.codec.http.LastHttpContent;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Closes a connection whose client takes too long to send a request: its header, counted from the
 * connection's start or the last response, or its body. A byte now and then buys no time, as it
 * would with an idle timeout. The rest of a body that has its answer already is read and dropped,
 * so that the client comes to see the answer, but not without end. Sits behind the HTTP codec; used
 * by its event loop only.
 */
final class RequestDeadline extends ChannelDuplexHandler {
  private final HttpSettings settings;
  private final Connections connections;
  private @Nullable Future<?> deadline;

  /** Requests whose answers have not ended; of the last one the end may not have come yet. */
  private int open;

  private long dropped;

  /**
   * @param connections told whenever the client of this one is waited for
   */
  RequestDeadline(HttpSettings settings, Connections connections) {
    this.settings = settings;
    this.connections = connections;
  }

  @Override
  public void handlerAdded(ChannelHandlerContext context) {
    restart(context);
  }

  @Override
  public void handlerRemoved(ChannelHandlerContext context) {
    stop(context);
  }

  @Override
  public void channelInactive(ChannelHandlerContext context) throws Exception {
    stop(context);
    super.channelInactive(context);
  }

  @Override
  public void channelRead(ChannelHandlerContext context, Object message) throws Exception {
    if (message instanceof HttpRequest) {
      open++;
      dropped = 0;
      restart(context);
    }
    // An answer may come first, and then the wait for the next request has begun.
    if (message instanceof LastHttpContent && open > 0) {
      stop(context);
    }
    if (message instanceof HttpContent content && open == 0) {
      dropped += content.content().readableBytes();
      if (dropped > settings.maxBodyBytes()) {
        context.close();
      }
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
      open = Math.max(0, open - 1);
      // A client that has sent the next request already is not waited for.
      if (open == 0) {
        restart(context);
      }
    }
    super.write(context, message, promise);
  }

  private void restart(ChannelHandlerContext context) {
    stop(context);
    connections.waiting(context.channel());
    deadline =
        context
            .executor()
            .schedule(
                () -> context.close(), settings.requestTimeout().toMillis(), TimeUnit.MILLISECONDS);
  }

  private void stop(ChannelHandlerContext context) {
    if (deadline != null) {
      deadline.cancel(false);
      deadline = null;
      connections.busy(context.channel());
    }
  }
}
