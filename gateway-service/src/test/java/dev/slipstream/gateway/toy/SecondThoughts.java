package dev.slipstream.gateway.toy;

import dev.slipstream.gateway.spi.AnswerEvent;
import dev.slipstream.gateway.spi.AnswerRequest;
import dev.slipstream.gateway.spi.AnswerStrategy;
import dev.slipstream.gateway.spi.ForkableSequence;
import dev.slipstream.gateway.spi.GenerationEvent;
import dev.slipstream.gateway.spi.SequenceOptions;
import dev.slipstream.gateway.spi.Sequences;
import java.util.concurrent.atomic.AtomicInteger;
import org.springframework.boot.test.context.TestConfiguration;
import org.springframework.context.annotation.Bean;
import reactor.core.publisher.Flux;

/** Lets go of an answer after some tokens and has it go on from there in another way. */
final class SecondThoughts implements AnswerStrategy {
  static final int TOKENS = 3;

  /** All that it takes to have it in a gateway. */
  @TestConfiguration(proxyBeanMethods = false)
  static class Wiring {
    @Bean
    AnswerStrategy secondThoughts() {
      return new SecondThoughts();
    }
  }

  @Override
  public String name() {
    return "second-thoughts";
  }

  @Override
  public boolean suits(AnswerRequest request) {
    return request.strategy().equals(name()) && request.bestOf() == 1;
  }

  @Override
  public Flux<AnswerEvent> answers(AnswerRequest request, Sequences sequences) {
    ForkableSequence first = sequences.open(new SequenceOptions(request.seed(), false));
    ForkableSequence second =
        sequences.fork(first, TOKENS, new SequenceOptions(request.seed() + 1, false));
    AtomicInteger tokens = new AtomicInteger();
    Flux<GenerationEvent> beginning =
        first
            .events()
            .takeUntil(
                event ->
                    event instanceof GenerationEvent.Chunk chunk
                        && tokens.addAndGet(chunk.tokens().size()) >= TOKENS);
    Flux<GenerationEvent> rest =
        second.events().filter(event -> !(event instanceof GenerationEvent.Started));
    return Flux.merge(beginning, rest).map(event -> new AnswerEvent(0, event));
  }
}
