package dev.slipstream.gateway.strategy;

import dev.slipstream.gateway.spi.AnswerEvent;
import dev.slipstream.gateway.spi.AnswerRequest;
import dev.slipstream.gateway.spi.AnswerStrategy;
import dev.slipstream.gateway.spi.ForkableSequence;
import dev.slipstream.gateway.spi.GenerationEvent;
import dev.slipstream.gateway.spi.SequenceOptions;
import dev.slipstream.gateway.spi.Sequences;
import dev.slipstream.proto.v1.CommittedToken;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import reactor.core.publisher.Flux;

/**
 * Several answers, whose prompt is computed once: all but the first are forks. If fewer are wanted
 * than made, they are ranked by the mean log-probability of their tokens, which says nothing before
 * the last of them is over.
 */
public final class BestOf implements AnswerStrategy {
  @Override
  public String name() {
    return "best-of";
  }

  @Override
  public boolean suits(AnswerRequest request) {
    return true;
  }

  @Override
  public Flux<AnswerEvent> answers(AnswerRequest request, Sequences sequences) {
    boolean ranked = request.bestOf() > request.n();
    List<ForkableSequence> answers = new ArrayList<>();
    for (int i = 0; i < request.bestOf(); i++) {
      SequenceOptions options = new SequenceOptions(request.seed() + i, ranked);
      answers.add(
          i == 0 ? sequences.open(options) : sequences.fork(answers.getFirst(), 0, options));
    }
    return ranked ? ranked(answers) : asTheyCome(answers);
  }

  private static Flux<AnswerEvent> asTheyCome(List<ForkableSequence> answers) {
    return Flux.range(0, answers.size())
        .flatMap(
            i -> answers.get(i).events().map(event -> new AnswerEvent(i, event)), answers.size());
  }

  private static Flux<AnswerEvent> ranked(List<ForkableSequence> answers) {
    return Flux.range(0, answers.size())
        .flatMap(
            i -> answers.get(i).events().collectList().map(events -> Candidate.of(i, events)),
            answers.size())
        .sort(Candidate.BEST_FIRST)
        .index((rank, candidate) -> candidate.as(rank.intValue()))
        .flatMapIterable(events -> events);
  }

  /** An answer that is over. */
  private record Candidate(int number, List<GenerationEvent> events, double meanLogprob) {
    /** Equals in the order of their seeds, or a seed would not give the same answers again. */
    static final Comparator<Candidate> BEST_FIRST =
        Comparator.comparingDouble(Candidate::meanLogprob)
            .reversed()
            .thenComparingInt(Candidate::number);

    static Candidate of(int number, List<GenerationEvent> events) {
      double mean =
          events.stream()
              .filter(GenerationEvent.Chunk.class::isInstance)
              .flatMap(event -> ((GenerationEvent.Chunk) event).tokens().stream())
              .mapToDouble(CommittedToken::getLogprob)
              .average()
              .orElse(Double.NEGATIVE_INFINITY);
      return new Candidate(number, events, mean);
    }

    List<AnswerEvent> as(int choice) {
      return events.stream().map(event -> new AnswerEvent(choice, event)).toList();
    }
  }
}
