package dev.slipstream.gateway.application;

import dev.slipstream.gateway.application.TargetSequence.Origin;
import dev.slipstream.gateway.spi.ForkableSequence;
import dev.slipstream.gateway.spi.GenerationEvent;
import dev.slipstream.gateway.spi.SequenceOptions;
import dev.slipstream.gateway.spi.Sequences;
import dev.slipstream.gateway.upstream.Targets;
import io.grpc.Deadline;
import io.micrometer.context.ContextSnapshotFactory;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.IntFunction;
import reactor.core.publisher.Flux;
import reactor.core.publisher.FluxSink;
import reactor.core.publisher.Mono;
import reactor.core.publisher.SignalType;
import reactor.util.context.ContextView;

/** The sequences of one prompt, each with its answer. */
final class TargetSequences implements Sequences {
  private static final ContextSnapshotFactory SNAPSHOTS = ContextSnapshotFactory.builder().build();

  private final PreparedRequest prepared;
  private final SequenceContext context;
  private final IntFunction<String> ids;
  private final AtomicInteger opened = new AtomicInteger();

  /**
   * @param ids under which services and logs know the sequences, by number
   */
  TargetSequences(PreparedRequest prepared, SequenceContext context, IntFunction<String> ids) {
    this.prepared = prepared;
    this.context = context;
    this.ids = ids;
  }

  @Override
  public ForkableSequence open(SequenceOptions options) {
    return new Member(Mono.just(Origin.PROMPT), options);
  }

  @Override
  public ForkableSequence fork(ForkableSequence of, int tokens, SequenceOptions options) {
    boolean shares = tokens > 0 || Targets.keepsPrefix(prepared.prompt());
    return shares ? new Member(((Member) of).origin(tokens), options) : open(options);
  }

  private final class Member implements ForkableSequence {
    private final String id = ids.apply(opened.getAndIncrement());
    private final Mono<Origin> origin;
    private final SequenceOptions options;

    private final ForkPoints forks = new ForkPoints();

    @SuppressWarnings("NullAway.Init") // It is there before anything is heard of it.
    private volatile TargetSequence sequence;

    private volatile Optional<Throwable> failure = Optional.empty();

    Member(Mono<Origin> origin, SequenceOptions options) {
      this.origin = origin;
      this.options = options;
    }

    @Override
    public Flux<GenerationEvent> events() {
      return origin
          .flatMapMany(from -> Flux.deferContextual(trace -> events(from, trace)))
          .doOnError(e -> failure = Optional.of(e))
          .doFinally(this::endForks)
          .transform(events -> context.metrics().observe(events, prepared, id, context.defects()));
    }

    /** Whoever leaves a sequence leaves its forks too, which is no failure of theirs. */
    private void endForks(SignalType signal) {
      if (signal != SignalType.CANCEL) {
        forks.end(failure);
      }
    }

    private Flux<GenerationEvent> events(Origin from, ContextView trace) {
      return context
          .quarantine()
          .refusal(prepared)
          .map(refusal -> Flux.<GenerationEvent>error(new ApiException(refusal)))
          .orElseGet(() -> Flux.create(sink -> open(from, trace, sink)));
    }

    private void open(Origin from, ContextView trace, FluxSink<GenerationEvent> sink) {
      // The calls upstream belong to the request's trace; its events need none.
      try (var scope = SNAPSHOTS.setThreadLocalsFrom(trace)) {
        start(from, sink);
      } catch (RuntimeException | Error e) {
        sink.error(context.defects().failure("request " + id, e));
      }
    }

    private void start(Origin from, FluxSink<GenerationEvent> sink) {
      Deadline deadline =
          Deadline.after(context.settings().answerLimit().toMillis(), TimeUnit.MILLISECONDS);
      TargetSequence opening =
          new TargetSequence(
              new DecodeStarts(prepared, id, options),
              from,
              context,
              deadline,
              new Answer(prepared, from.tokens(), new Told(sink)));
      sequence = opening;
      sink.onDispose(opening::cancel);
      // A draft may be faster than the target's stream is opened; its newest proposal waits.
      opening.start(
          DraftLink.open(context, prepared, from.tokens(), id, deadline, opening::propose));
    }

    /** What a fork begins with, as soon as there is so much of it. */
    Mono<Origin> origin(int tokens) {
      return forks
          .at(Math.max(1, tokens))
          .map(length -> sequence.origin(tokens))
          .switchIfEmpty(
              Mono.error(
                  () ->
                      new ApiException(
                          new ApiError.Internal(
                              "Sequence %s ended before it had the %d tokens to go on from."
                                  .formatted(id, tokens)))));
    }

    /** Forks are opened once the client has what they wait for. */
    private final class Told implements Answer.Listener {
      private final FluxSink<GenerationEvent> sink;

      Told(FluxSink<GenerationEvent> sink) {
        this.sink = sink;
      }

      @Override
      public void event(GenerationEvent event) {
        forks.reached(sequence.length());
        sink.next(event);
        forks.release();
      }

      @Override
      public void failed(ApiException failure) {
        sink.error(failure);
      }

      @Override
      public void completed() {
        sink.complete();
      }
    }
  }
}
