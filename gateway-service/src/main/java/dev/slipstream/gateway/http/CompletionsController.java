package dev.slipstream.gateway.http;

import dev.slipstream.gateway.application.ApiException;
import dev.slipstream.gateway.application.Caller;
import dev.slipstream.gateway.application.Defects;
import dev.slipstream.gateway.application.GenerationService;
import dev.slipstream.gateway.spi.AnswerEvent;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.Function;
import org.springframework.http.HttpStatus;
import org.springframework.http.server.reactive.ServerHttpResponse;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RestController;
import org.springframework.web.server.ServerWebExchange;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** {@code POST /v1/chat/completions} and {@code POST /v1/completions}. */
@RestController
class CompletionsController {
  /** Answers to one request: every one takes a place in a target's queue. */
  private static final int MAX_CHOICES = 64;

  private record PromptEvent(int prompt, AnswerEvent answer) {}

  private static final String FORMATTING = "the formatting of an answer";

  private final GenerationService service;
  private final HttpSettings settings;
  private final Defects defects;
  private final BodyReader bodies;
  private final JsonWriter json = new JsonWriter();

  CompletionsController(GenerationService service, HttpSettings settings, Defects defects) {
    this.service = service;
    this.defects = defects;
    this.settings = settings;
    this.bodies = new BodyReader(service, settings);
  }

  @PostMapping("/v1/chat/completions")
  Mono<Void> chat(ServerWebExchange exchange) {
    return answer(exchange, ChatRequestReader::read, new ChatAnswerFormat());
  }

  @PostMapping("/v1/completions")
  Mono<Void> complete(ServerWebExchange exchange) {
    return answer(exchange, CompletionRequestReader::read, new CompletionAnswerFormat());
  }

  private Mono<Void> answer(
      ServerWebExchange exchange, Function<Fields, ApiRequest> reader, AnswerFormat format) {
    return bodies
        .read(exchange, reader)
        .flatMap(request -> prepare(request, format, AccessFilter.caller(exchange)))
        .flatMap(
            defects.guarded(
                FORMATTING,
                answer ->
                    answer.request().stream()
                        ? stream(exchange.getResponse(), answer)
                        : whole(exchange.getResponse(), answer)));
  }

  private Mono<CompletionResponse> prepare(ApiRequest request, AnswerFormat format, Caller caller) {
    if (request.prompts().size() * request.bestOf() > MAX_CHOICES) {
      throw ApiException.invalid(
          request.bestOf() > request.n() ? "best_of" : "n",
          "At most %d choices are supported for all prompts together.".formatted(MAX_CHOICES));
    }
    byte[] random = new byte[12];
    ThreadLocalRandom.current().nextBytes(random);
    String id = format.idPrefix() + HexFormat.of().formatHex(random);
    return Flux.fromIterable(request.prompts())
        .concatMap(prompt -> service.prepare(prompt, request.user(), caller))
        .collectList()
        .map(
            defects.guarded(
                FORMATTING, prepared -> new CompletionResponse(id, format, request, prepared)));
  }

  private Mono<Void> whole(ServerHttpResponse response, CompletionResponse answer) {
    return events(answer)
        .map(defects.guarded(FORMATTING, event -> answer.collect(event.prompt(), event.answer())))
        .then(Mono.just(answer))
        .flatMap(
            defects.guarded(
                FORMATTING, whole -> json.write(response, HttpStatus.OK, whole.whole())));
  }

  private Mono<Void> stream(ServerHttpResponse response, CompletionResponse answer) {
    Flux<String> events =
        events(answer)
            .concatMapIterable(defects.guarded(FORMATTING, event -> chunks(answer, event)))
            .concatWith(Mono.just("data: [DONE]\n\n"));
    // A comment opens the response too, so that from then on a failure can only be an event.
    Flux<String> safe =
        KeepAlive.between(events, settings.keepAlive())
            .switchOnFirst(
                (first, all) ->
                    first.isOnError()
                        ? all
                        : all.onErrorResume(e -> Mono.just(json.event(HttpErrors.of(e).body()))));
    return json.stream(response, safe);
  }

  private List<String> chunks(CompletionResponse answer, PromptEvent event) {
    return answer.chunks(event.prompt(), event.answer()).stream().map(json::event).toList();
  }

  /** The events of all prompts as they come. */
  private Flux<PromptEvent> events(CompletionResponse answer) {
    ApiRequest request = answer.request();
    int prompts = request.prompts().size();
    return Flux.range(0, prompts)
        .flatMap(
            prompt ->
                service
                    .answers(
                        answer.prepared(prompt),
                        request.n(),
                        request.bestOf(),
                        number -> answer.id(prompt, number))
                    .map(event -> new PromptEvent(prompt, event)),
            prompts);
  }
}
