package dev.slipstream.gateway.rpc;

import dev.slipstream.gateway.access.ByteBudget;
import dev.slipstream.gateway.application.ApiException;
import io.grpc.Context;
import io.grpc.Metadata;
import io.grpc.ServerStreamTracer;
import io.grpc.Status;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Counts what one call's request takes, as it comes: gRPC itself keeps frames until a message is
 * whole, for any number of calls. Thread-safe: frames come from the transport, messages are
 * unpacked by handlers.
 */
public final class InboundBytes extends ServerStreamTracer {

  /** A frame may hold a single byte, and is an object with a buffer all the same. */
  private static final int FRAME = 256;

  private static final Context.Key<InboundBytes> KEY = Context.key("slipstream-inbound-bytes");

  private ByteBudget.@Nullable Reservation reservation;
  private @Nullable Consumer<ApiException> refusal;
  private long onWire;
  private long unpacked;
  private long counted;
  private boolean ended;

  private InboundBytes() {}

  /** Gives one to every call. */
  public static final class Factory extends ServerStreamTracer.Factory {
    @Override
    public ServerStreamTracer newServerStreamTracer(String method, Metadata headers) {
      return new InboundBytes();
    }
  }

  /** Of the current call. */
  static InboundBytes current() {
    return KEY.get();
  }

  @Override
  public Context filterContext(Context context) {
    return context.withValue(KEY, this);
  }

  /**
   * Has the call's bytes counted from now on; none have been taken from the transport before.
   *
   * @param refusal told once if there is no room for them
   */
  synchronized void count(ByteBudget.Reservation reservation, Consumer<ApiException> refusal) {
    this.reservation = reservation;
    this.refusal = refusal;
    if (ended) {
      reservation.close();
    }
  }

  /**
   * Takes more for what is answered.
   *
   * @throws ApiException if there is no room for it
   */
  synchronized void hold(long bytes) {
    if (reservation != null) {
      reservation.grow(bytes);
    }
  }

  /** Bytes that have come so far. */
  synchronized long size() {
    return onWire;
  }

  @Override
  public synchronized void inboundWireSize(long bytes) {
    onWire += bytes + FRAME;
    grow();
  }

  /** What was compressed grows only now. */
  @Override
  public synchronized void inboundUncompressedSize(long bytes) {
    unpacked += bytes;
    grow();
  }

  private void grow() {
    long most = Math.max(onWire, unpacked);
    if (reservation == null || refusal == null || most <= counted) {
      return;
    }
    try {
      reservation.grow(most - counted);
      counted = most;
    } catch (ApiException e) {
      Consumer<ApiException> told = refusal;
      refusal = null;
      told.accept(e);
    }
  }

  @Override
  public synchronized void streamClosed(Status status) {
    ended = true;
    if (reservation != null) {
      reservation.close();
    }
  }
}
