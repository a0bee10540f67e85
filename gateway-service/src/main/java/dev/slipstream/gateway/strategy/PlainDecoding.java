package dev.slipstream.gateway.strategy;

import dev.slipstream.gateway.spi.AnswerEvent;
import dev.slipstream.gateway.spi.AnswerRequest;
import dev.slipstream.gateway.spi.AnswerStrategy;
import dev.slipstream.gateway.spi.SequenceOptions;
import dev.slipstream.gateway.spi.Sequences;
import reactor.core.publisher.Flux;

/** One answer is one sequence. */
public final class PlainDecoding implements AnswerStrategy {
  @Override
  public String name() {
    return "plain";
  }

  @Override
  public boolean suits(AnswerRequest request) {
    return request.bestOf() == 1;
  }

  @Override
  public Flux<AnswerEvent> answers(AnswerRequest request, Sequences sequences) {
    return sequences
        .open(new SequenceOptions(request.seed(), false))
        .events()
        .map(event -> new AnswerEvent(0, event));
  }
}
