package dev.slipstream.gateway.http;

import dev.slipstream.gateway.application.ApiException;
import dev.slipstream.gateway.application.Defects;
import dev.slipstream.gateway.application.GenerationService;
import java.util.List;
import org.springframework.http.HttpStatus;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RestController;
import org.springframework.web.server.ServerWebExchange;
import reactor.core.publisher.Mono;

/**
 * {@code POST /tokenize} and {@code POST /detokenize}, as llama-server has them. What they answer
 * is larger than what they were asked, and is held until the client has read it.
 */
@RestController
class TokenizeController {
  /** Bytes of an id and its comma. */
  private static final int WRITTEN_TOKEN = 7;

  private record Tokens(int[] tokens) {}

  private record Content(String content) {}

  private final GenerationService service;
  private final Defects defects;
  private final BodyReader bodies;
  private final JsonWriter json = new JsonWriter();

  TokenizeController(GenerationService service, HttpSettings settings, Defects defects) {
    this.service = service;
    this.defects = defects;
    this.bodies = new BodyReader(service, settings);
  }

  private record Text(String model, String content, boolean addSpecial, boolean parseSpecial) {
    static Text read(Fields fields) {
      Text text =
          new Text(
              fields.string("model").orElse(""),
              fields.string("content").orElseThrow(() -> missing("content")),
              fields.bool("add_special", false),
              fields.bool("parse_special", true));
      fields.rejectOthers();
      return text;
    }
  }

  private record Ids(String model, List<Integer> tokens) {
    static Ids read(Fields fields) {
      Ids ids =
          new Ids(
              fields.string("model").orElse(""),
              fields
                  .list(
                      "tokens", (path, id) -> (int) Fields.integer(path, id, 0, Integer.MAX_VALUE))
                  .orElseThrow(() -> missing("tokens")));
      fields.rejectOthers();
      return ids;
    }
  }

  @PostMapping("/tokenize")
  Mono<Void> tokenize(ServerWebExchange exchange) {
    return bodies
        .read(exchange, Text::read)
        .flatMap(
            text ->
                service.tokenize(
                    text.model(),
                    text.content(),
                    text.addSpecial(),
                    text.parseSpecial(),
                    AccessFilter.caller(exchange)))
        .doOnNext(tokens -> BodyBytes.of(exchange).grow((long) WRITTEN_TOKEN * tokens.length))
        .flatMap(
            defects.guarded(
                "the formatting of tokens",
                tokens -> json.write(exchange.getResponse(), HttpStatus.OK, new Tokens(tokens))));
  }

  @PostMapping("/detokenize")
  Mono<Void> detokenize(ServerWebExchange exchange) {
    return bodies
        .read(exchange, Ids::read)
        .flatMap(
            ids -> service.detokenize(ids.model(), ids.tokens(), AccessFilter.caller(exchange)))
        .doOnNext(text -> BodyBytes.of(exchange).grow(text.length()))
        .flatMap(
            defects.guarded(
                "the formatting of a text",
                text -> json.write(exchange.getResponse(), HttpStatus.OK, new Content(text))));
  }

  private static ApiException missing(String param) {
    return ApiException.invalid(
        param, "Missing required parameter: '" + param + "'.", "missing_required_parameter");
  }
}
