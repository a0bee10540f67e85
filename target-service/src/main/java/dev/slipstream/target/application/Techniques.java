package dev.slipstream.target.application;

import dev.slipstream.target.spi.AdmissionOrder;
import dev.slipstream.target.spi.DraftAllocator;
import dev.slipstream.target.spi.PassObserver;
import java.util.List;

/**
 * What a decode loop is to do in another way than by itself.
 *
 * @param observers hear of every pass, besides the loop's own
 */
public record Techniques(
    AdmissionOrder order, DraftAllocator allocator, List<PassObserver> observers) {
  /** First come, first served, and nobody looks on. */
  public static final Techniques NONE =
      new Techniques(AdmissionOrder.ARRIVAL, DraftAllocator.ARRIVAL, List.of());

  public Techniques {
    observers = List.copyOf(observers);
  }
}
