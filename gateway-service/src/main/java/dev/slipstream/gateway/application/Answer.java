package dev.slipstream.gateway.application;

import dev.slipstream.gateway.spi.GenerationEvent;
import dev.slipstream.gateway.text.AnswerText;
import dev.slipstream.proto.v1.Committed;
import dev.slipstream.proto.v1.CommittedToken;
import dev.slipstream.proto.v1.DecodeFinished;
import dev.slipstream.proto.v1.DecodeStarted;
import dev.slipstream.proto.v1.FinishReason;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * What one sequence says: its text, up to the first stop string, and how it came about. Called by
 * its sequence only, which makes calls one after another.
 */
final class Answer implements TargetSequence.Listener {
  /** Hears events in order; then, once, the end, unless the sequence is cancelled. */
  interface Listener {
    void event(GenerationEvent event);

    void failed(ApiException failure);

    void completed();
  }

  private final AnswerText text;
  private final AnswerFigures figures;
  private final Listener listener;
  private boolean announced;

  /**
   * @param begun tokens behind the prompt that were said elsewhere, and are not said again
   */
  Answer(PreparedRequest prepared, List<Integer> begun, Listener listener) {
    this.text =
        new AnswerText(
            prepared.model().tokenizer(),
            prepared.prompt(),
            prepared.request().getStopList(),
            prepared.request().getMinTokens(),
            prepared.request().getIgnoreEos());
    this.figures = new AnswerFigures(prepared);
    this.listener = listener;
    begun.forEach(text::append);
  }

  @Override
  public void started(DecodeStarted started) {
    figures.started(started);
    if (!announced) {
      announced = true;
      listener.event(new GenerationEvent.Started());
    }
  }

  @Override
  public void resumed() {
    figures.resumed();
  }

  @Override
  public boolean committed(Committed committed) {
    List<CommittedToken> used = new ArrayList<>();
    StringBuilder released = new StringBuilder();
    for (CommittedToken token : committed.getTokensList()) {
      if (text.stopped()) {
        break;
      }
      used.add(token);
      released.append(text.append(token.getId()));
    }
    figures.committed(committed, used.size());
    listener.event(new GenerationEvent.Chunk(released.toString(), used));
    return !text.stopped();
  }

  @Override
  public void finished(Optional<DecodeFinished> summary, DraftLink drafts) {
    String rest = text.finish();
    if (!rest.isEmpty()) {
      listener.event(new GenerationEvent.Chunk(rest, List.of()));
    }
    FinishReason reason =
        text.stopped()
            ? FinishReason.FINISH_REASON_STOP
            : summary.map(DecodeFinished::getReason).orElseThrow();
    listener.event(figures.finish(reason, summary, drafts));
    listener.completed();
  }

  @Override
  public void failed(ApiException failure) {
    listener.failed(failure);
  }
}
