package dev.slipstream.gateway.fake;

import dev.slipstream.gateway.application.ApiError;
import dev.slipstream.gateway.application.ApiException;
import dev.slipstream.gateway.application.GenerationEvent;
import dev.slipstream.proto.v1.CommittedToken;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.stream.Collectors;
import reactor.core.Disposable;
import reactor.core.publisher.Flux;

/** One answer, as its client sees it. */
public final class Exchange {
  private final List<GenerationEvent> events = new CopyOnWriteArrayList<>();
  private final CompletableFuture<ApiError> end = new CompletableFuture<>();
  private final Disposable client;

  Exchange(Flux<GenerationEvent> answer) {
    client =
        answer.subscribe(
            events::add,
            failure -> end.complete(((ApiException) failure).error()),
            () -> end.complete(null));
  }

  /** What came until the end, which must be a good one. */
  public String answer() {
    ApiError error = Waiting.get(end, "the end of the answer");
    if (error != null) {
      throw new AssertionError(error.toString());
    }
    return text();
  }

  public String text() {
    return chunks().stream().map(GenerationEvent.Chunk::text).collect(Collectors.joining());
  }

  public List<CommittedToken> tokens() {
    return chunks().stream().flatMap(chunk -> chunk.tokens().stream()).toList();
  }

  public GenerationEvent.Finished finished() {
    answer();
    return (GenerationEvent.Finished) events.getLast();
  }

  /** How it failed. */
  public ApiError error() {
    return Waiting.get(end, "the end of the answer");
  }

  public boolean isOver() {
    return end.isDone();
  }

  public Exchange awaitText(String text) {
    Bench.await().until(() -> text().equals(text));
    return this;
  }

  public void leave() {
    client.dispose();
  }

  public List<GenerationEvent> events() {
    return events;
  }

  private List<GenerationEvent.Chunk> chunks() {
    return events.stream()
        .filter(GenerationEvent.Chunk.class::isInstance)
        .map(GenerationEvent.Chunk.class::cast)
        .toList();
  }
}
