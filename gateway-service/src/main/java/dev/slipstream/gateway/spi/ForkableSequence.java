package dev.slipstream.gateway.spi;

import reactor.core.publisher.Flux;

/** A text that a target continues, and another one if that is lost. */
public interface ForkableSequence {
  /**
   * What comes of it, to one subscriber, whose subscription opens it; cancelling frees what it
   * holds at the target's next step.
   */
  Flux<GenerationEvent> events();
}
