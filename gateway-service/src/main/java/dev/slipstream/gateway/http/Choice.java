package dev.slipstream.gateway.http;

import dev.slipstream.gateway.application.PreparedRequest;
import dev.slipstream.gateway.spi.GenerationEvent;
import dev.slipstream.proto.v1.CommittedToken;
import dev.slipstream.proto.v1.FinishReason;
import dev.slipstream.text.tokenizer.Tokenizer;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/** One answer on its way into the response. Not thread-safe. */
final class Choice {
  private final int index;
  private final AnswerFormat format;
  private final PreparedRequest prepared;
  private final boolean tokenIds;
  private final boolean logprobs;
  private final String echo;
  private final StringBuilder text = new StringBuilder();
  private final List<CommittedToken> tokens = new ArrayList<>();
  private Optional<GenerationEvent.Finished> finished = Optional.empty();
  private boolean opened;
  private int offset;

  /**
   * @param echo what comes before the answer
   */
  Choice(
      int index, AnswerFormat format, PreparedRequest prepared, ApiRequest request, String echo) {
    this.index = index;
    this.format = format;
    this.prepared = prepared;
    this.tokenIds = request.returnTokenIds();
    this.logprobs = prepared.request().hasTopLogprobs();
    this.echo = echo;
  }

  boolean isFinished() {
    return finished.isPresent();
  }

  /** How the answer ended, once it has. */
  GenerationEvent.Finished finished() {
    return finished.orElseThrow();
  }

  /** Null unless asked for. */
  @Nullable List<Integer> promptIds() {
    return tokenIds ? IntStream.of(prepared.prompt()).boxed().toList() : null;
  }

  /** Keeps an event for {@link #whole}. */
  void collect(GenerationEvent event) {
    switch (event) {
      case GenerationEvent.Started() -> {}
      case GenerationEvent.Chunk chunk -> {
        text.append(chunk.text());
        tokens.addAll(chunk.tokens());
      }
      case GenerationEvent.Finished end -> finished = Optional.of(end);
    }
  }

  /** The whole choice, once it has finished. */
  Object whole() {
    return format.whole(
        index,
        echo + text,
        logprobs ? format.logprobs(tokenizer(), tokens, 0) : null,
        reason(finished().reason()),
        ids(tokens),
        format.promptIdsOnTop() ? null : promptIds());
  }

  /** What a stream shows of an event: any number of choice objects. */
  List<Object> pieces(GenerationEvent event) {
    List<Object> pieces = new ArrayList<>();
    if (!opened) {
      opened = true;
      open(pieces);
    }
    switch (event) {
      case GenerationEvent.Started() -> {}
      case GenerationEvent.Chunk chunk -> piece(chunk).ifPresent(pieces::add);
      case GenerationEvent.Finished end -> {
        finished = Optional.of(end);
        pieces.add(format.ending(index, reason(end.reason())));
      }
    }
    return pieces;
  }

  private void open(List<Object> pieces) {
    format.opening(index, format.promptIdsOnTop() ? null : promptIds()).ifPresent(pieces::add);
    if (!echo.isEmpty()) {
      pieces.add(format.piece(index, echo, null, null));
    }
  }

  private Optional<Object> piece(GenerationEvent.Chunk chunk) {
    boolean shows = !chunk.text().isEmpty() || (logprobs || tokenIds) && !chunk.tokens().isEmpty();
    if (!shows) {
      return Optional.empty();
    }
    Object shown = null;
    if (logprobs && !chunk.tokens().isEmpty()) {
      shown = format.logprobs(tokenizer(), chunk.tokens(), offset);
      for (CommittedToken token : chunk.tokens()) {
        offset += CompletionAnswerFormat.length(tokenizer(), token.getId());
      }
    }
    return Optional.of(format.piece(index, chunk.text(), shown, ids(chunk.tokens())));
  }

  private Tokenizer tokenizer() {
    return prepared.model().tokenizer();
  }

  private @Nullable List<Integer> ids(List<CommittedToken> of) {
    return tokenIds ? of.stream().map(CommittedToken::getId).toList() : null;
  }

  private static String reason(FinishReason reason) {
    return reason == FinishReason.FINISH_REASON_LENGTH ? "length" : "stop";
  }
}
