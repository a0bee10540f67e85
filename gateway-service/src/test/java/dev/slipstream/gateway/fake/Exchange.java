package dev.slipstream.gateway.fake;

import dev.slipstream.gateway.application.ApiError;
import dev.slipstream.gateway.application.ApiException;
import dev.slipstream.gateway.spi.AnswerEvent;
import dev.slipstream.gateway.spi.GenerationEvent;
import dev.slipstream.proto.v1.CommittedToken;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.stream.Collectors;
import reactor.core.Disposable;
import reactor.core.publisher.Flux;

/** The answers to one request, as its client sees them; where there is one, it is number 0. */
public final class Exchange {
  private final List<AnswerEvent> events = new CopyOnWriteArrayList<>();
  private final CompletableFuture<ApiError> end = new CompletableFuture<>();
  private final Disposable client;

  Exchange(Flux<AnswerEvent> answers) {
    client =
        answers.subscribe(
            events::add,
            failure -> end.complete(((ApiException) failure).error()),
            () -> end.complete(null));
  }

  /** What came until the end, which must be a good one. */
  public String answer() {
    return answer(0);
  }

  public String answer(int choice) {
    ApiError error = Waiting.get(end, "the end of the answer");
    if (error != null) {
      throw new AssertionError(error.toString());
    }
    return text(choice);
  }

  public String text(int choice) {
    return chunks(choice).stream().map(GenerationEvent.Chunk::text).collect(Collectors.joining());
  }

  public List<CommittedToken> tokens() {
    return chunks(0).stream().flatMap(chunk -> chunk.tokens().stream()).toList();
  }

  public GenerationEvent.Finished finished() {
    return finished(0);
  }

  public GenerationEvent.Finished finished(int choice) {
    answer(choice);
    return (GenerationEvent.Finished) events(choice).getLast();
  }

  /** How it failed. */
  public ApiError error() {
    return Waiting.get(end, "the end of the answer");
  }

  public boolean isOver() {
    return end.isDone();
  }

  public Exchange awaitText(String text) {
    return awaitText(0, text);
  }

  public Exchange awaitText(int choice, String text) {
    Bench.await().until(() -> text(choice).equals(text));
    return this;
  }

  public Exchange awaitStart() {
    Bench.await().until(() -> !events.isEmpty());
    return this;
  }

  public void leave() {
    client.dispose();
  }

  public List<GenerationEvent> events() {
    return events(0);
  }

  private List<GenerationEvent> events(int choice) {
    return events.stream()
        .filter(event -> event.choice() == choice)
        .map(AnswerEvent::event)
        .toList();
  }

  private List<GenerationEvent.Chunk> chunks(int choice) {
    return events(choice).stream()
        .filter(GenerationEvent.Chunk.class::isInstance)
        .map(GenerationEvent.Chunk.class::cast)
        .toList();
  }
}
