package dev.slipstream.gateway.spi;

import reactor.core.publisher.Flux;

/** A way to make the answers to a prompt out of sequences of a target. Thread-safe. */
public interface AnswerStrategy {
  /** By which a request can ask for it. */
  String name();

  /**
   * Whether it makes such answers. Where a request names no strategy, the first that does is taken:
   * one that is to be asked for by name must look whether it was.
   */
  boolean suits(AnswerRequest request);

  /**
   * The events of all answers, each answer's in order: started, chunks, finished. A failure ends
   * all of them. An answer is said to have as many tokens as its chunks, whatever sequences they
   * come from. Cancelling must cancel every sequence that is open, which merging their events does
   * by itself.
   */
  Flux<AnswerEvent> answers(AnswerRequest request, Sequences sequences);
}
