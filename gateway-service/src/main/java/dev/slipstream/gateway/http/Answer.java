package dev.slipstream.gateway.http;

import dev.slipstream.gateway.application.GenerationEvent;
import dev.slipstream.gateway.application.PreparedRequest;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The response to one request: its choices, and what is said once for all of them. Not thread-safe.
 */
final class Answer {
  private final String id;
  private final long created = Instant.now().getEpochSecond();
  private final AnswerFormat format;
  private final ApiRequest request;
  private final List<Choice> choices = new ArrayList<>();
  private final String model;
  private final String fingerprint;

  /**
   * @param prepared one for each prompt of the request, at least one
   */
  Answer(String id, AnswerFormat format, ApiRequest request, List<PreparedRequest> prepared) {
    this.id = id;
    this.format = format;
    this.request = request;
    for (PreparedRequest prompt : prepared) {
      for (int i = 0; i < request.n(); i++) {
        choices.add(new Choice(choices.size(), format, prompt, request));
      }
    }
    var card = prepared.getFirst().model().card();
    this.model = card.getId();
    String digest = card.getModelDigest();
    this.fingerprint = "fp_" + digest.substring(0, Math.min(12, digest.length()));
  }

  ApiRequest request() {
    return request;
  }

  /** The id under which services and logs know one choice. */
  String id(int choice) {
    return choices.size() == 1 ? id : id + "-" + choice;
  }

  List<Choice> choices() {
    return choices;
  }

  /** Keeps an event of one choice for {@link #whole}, and gives it back. */
  GenerationEvent collect(int choice, GenerationEvent event) {
    choices.get(choice).collect(event);
    return event;
  }

  /** The whole response, once all choices have finished. */
  Body whole() {
    return body(
        format.object(false),
        choices.stream().map(Choice::whole).toList(),
        Optional.of(Totals.usage(choices, request.n())),
        promptIdsOnTop(),
        Totals.figures(choices));
  }

  /** What a stream shows of an event of one choice. */
  List<Body> chunks(int choice, GenerationEvent event) {
    List<Body> chunks = new ArrayList<>();
    for (Object piece : choices.get(choice).pieces(event)) {
      boolean opening = event instanceof GenerationEvent.Started && chunks.isEmpty();
      chunks.add(chunk(List.of(piece), noUsage(), opening ? promptIdsOnTop() : null, null));
    }
    boolean last =
        event instanceof GenerationEvent.Finished
            && choices.stream().allMatch(other -> other.finished() != null);
    if (last) {
      Body end = chunks.removeLast();
      chunks.add(chunk(end.choices(), noUsage(), null, Totals.figures(choices)));
      if (request.includeUsage()) {
        chunks.add(chunk(List.of(), Optional.of(Totals.usage(choices, request.n())), null, null));
      }
    }
    return chunks;
  }

  private Body chunk(
      List<?> pieces, Optional<Body.Usage> usage, List<Integer> promptIds, Body.Figures figures) {
    return body(format.object(true), pieces, usage, promptIds, figures);
  }

  /** A null where the client expects usage at the end, else no such field. */
  private Optional<Body.Usage> noUsage() {
    return request.includeUsage() ? Optional.empty() : null;
  }

  private List<Integer> promptIdsOnTop() {
    return format.promptIdsOnTop() ? choices.getFirst().promptIds() : null;
  }

  private Body body(
      String object,
      List<?> shown,
      Optional<Body.Usage> usage,
      List<Integer> promptIds,
      Body.Figures figures) {
    return new Body(id, object, created, model, fingerprint, shown, usage, promptIds, figures);
  }
}
