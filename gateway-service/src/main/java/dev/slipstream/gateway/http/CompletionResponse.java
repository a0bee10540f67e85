package dev.slipstream.gateway.http;

import dev.slipstream.gateway.application.PreparedRequest;
import dev.slipstream.gateway.spi.AnswerEvent;
import dev.slipstream.gateway.spi.GenerationEvent;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The response to one request: its choices, and what is said once for all of them. Not thread-safe.
 */
final class CompletionResponse {
  private final String id;
  private final long created = Instant.now().getEpochSecond();
  private final AnswerFormat format;
  private final ApiRequest request;
  private final List<PreparedRequest> prepared;

  /** All answers, prompt by prompt, the best first if there are more than are shown. */
  private final List<Choice> answers = new ArrayList<>();

  private final List<Choice> shown = new ArrayList<>();
  private final String model;
  private final String fingerprint;

  /**
   * @param prepared one for each prompt of the request, at least one
   */
  CompletionResponse(
      String id, AnswerFormat format, ApiRequest request, List<PreparedRequest> prepared) {
    this.id = id;
    this.format = format;
    this.request = request;
    this.prepared = prepared;
    for (PreparedRequest prompt : prepared) {
      String echo = request.echo() ? text(prompt) : "";
      for (int i = 0; i < request.bestOf(); i++) {
        Choice choice = new Choice(shown.size(), format, prompt, request, echo);
        answers.add(choice);
        if (i < request.n()) {
          shown.add(choice);
        }
      }
    }
    var card = prepared.getFirst().model().card();
    this.model = card.getId();
    String digest = card.getModelDigest();
    this.fingerprint = "fp_" + digest.substring(0, Math.min(12, digest.length()));
  }

  private static String text(PreparedRequest prompt) {
    return prompt.request().hasText()
        ? prompt.request().getText()
        : prompt.model().tokenizer().decode(prompt.prompt());
  }

  ApiRequest request() {
    return request;
  }

  PreparedRequest prepared(int prompt) {
    return prepared.get(prompt);
  }

  /** The id under which services and logs know one answer to a prompt. */
  String id(int prompt, int number) {
    return answers.size() == 1 ? id : id + "-" + (prompt * request.bestOf() + number);
  }

  private Choice choice(int prompt, AnswerEvent event) {
    return answers.get(prompt * request.bestOf() + event.choice());
  }

  /** Keeps an event of one choice for {@link #whole}, and gives it back. */
  AnswerEvent collect(int prompt, AnswerEvent event) {
    choice(prompt, event).collect(event.event());
    return event;
  }

  /** The whole response, once all choices have finished. */
  Body whole() {
    return body(
        format.object(false),
        shown.stream().map(Choice::whole).toList(),
        Optional.of(Totals.usage(answers, request.bestOf())),
        promptIdsOnTop(),
        Totals.figures(answers));
  }

  /** What a stream shows of an event of one choice. */
  List<Body> chunks(int prompt, AnswerEvent answer) {
    GenerationEvent event = answer.event();
    List<Body> chunks = new ArrayList<>();
    for (Object piece : choice(prompt, answer).pieces(event)) {
      boolean opening = event instanceof GenerationEvent.Started && chunks.isEmpty();
      chunks.add(chunk(List.of(piece), noUsage(), opening ? promptIdsOnTop() : null, null));
    }
    boolean last =
        event instanceof GenerationEvent.Finished && answers.stream().allMatch(Choice::isFinished);
    if (last) {
      Body end = chunks.removeLast();
      chunks.add(chunk(end.choices(), noUsage(), null, Totals.figures(answers)));
      if (request.includeUsage()) {
        Body.Usage usage = Totals.usage(answers, request.bestOf());
        chunks.add(chunk(List.of(), Optional.of(usage), null, null));
      }
    }
    return chunks;
  }

  private Body chunk(
      List<?> pieces,
      @Nullable Optional<Body.Usage> usage,
      @Nullable List<Integer> promptIds,
      Body.@Nullable Figures figures) {
    return body(format.object(true), pieces, usage, promptIds, figures);
  }

  /** A null where the client expects usage at the end, else no such field. */
  private @Nullable Optional<Body.Usage> noUsage() {
    return request.includeUsage() ? Optional.empty() : null;
  }

  private @Nullable List<Integer> promptIdsOnTop() {
    return format.promptIdsOnTop() ? answers.getFirst().promptIds() : null;
  }

  private Body body(
      String object,
      List<?> choices,
      @Nullable Optional<Body.Usage> usage,
      @Nullable List<Integer> promptIds,
      Body.@Nullable Figures figures) {
    Body.Head head = new Body.Head(id, object, created, model, fingerprint);
    return new Body(head, choices, usage, promptIds, figures);
  }
}
