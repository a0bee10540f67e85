package dev.slipstream.standalone;

import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import sun.misc.Signal;
import sun.misc.SignalHandler;

/**
 * Takes over Ctrl-C and SIGTERM, so that ending on request is an orderly end with exit code 0. The
 * previous handlers are put back by {@link #close}.
 */
final class Interrupts implements AutoCloseable {

  private final Map<Signal, SignalHandler> previous;

  Interrupts(Runnable action) {
    previous =
        List.of(new Signal("INT"), new Signal("TERM")).stream()
            .collect(
                Collectors.toMap(
                    signal -> signal, signal -> Signal.handle(signal, s -> action.run())));
  }

  @Override
  public void close() {
    previous.forEach(Signal::handle);
  }
}
