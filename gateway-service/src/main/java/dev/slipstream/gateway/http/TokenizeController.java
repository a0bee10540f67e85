package dev.slipstream.gateway.http;

import dev.slipstream.gateway.application.ApiException;
import dev.slipstream.gateway.application.GenerationService;
import java.util.List;
import org.springframework.http.HttpStatus;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RestController;
import org.springframework.web.server.ServerWebExchange;
import reactor.core.publisher.Mono;

/** {@code POST /tokenize} and {@code POST /detokenize}, as llama-server has them. */
@RestController
class TokenizeController {
  private record Tokens(int[] tokens) {}

  private record Content(String content) {}

  private final GenerationService service;
  private final BodyReader bodies;
  private final JsonWriter json = new JsonWriter();

  TokenizeController(GenerationService service, HttpSettings settings) {
    this.service = service;
    this.bodies = new BodyReader(settings.maxBodyBytes());
  }

  @PostMapping("/tokenize")
  Mono<Void> tokenize(ServerWebExchange exchange) {
    return bodies
        .object(exchange.getRequest())
        .flatMap(this::tokenize)
        .flatMap(tokens -> json.write(exchange.getResponse(), HttpStatus.OK, new Tokens(tokens)));
  }

  private Mono<int[]> tokenize(Fields fields) {
    String model = fields.string("model").orElse("");
    String content = fields.string("content").orElseThrow(() -> missing("content"));
    boolean addSpecial = fields.bool("add_special", false);
    boolean parseSpecial = fields.bool("parse_special", true);
    fields.rejectOthers();
    return service.tokenize(model, content, addSpecial, parseSpecial);
  }

  @PostMapping("/detokenize")
  Mono<Void> detokenize(ServerWebExchange exchange) {
    return bodies
        .object(exchange.getRequest())
        .flatMap(this::detokenize)
        .flatMap(text -> json.write(exchange.getResponse(), HttpStatus.OK, new Content(text)));
  }

  private Mono<String> detokenize(Fields fields) {
    String model = fields.string("model").orElse("");
    List<Integer> tokens =
        fields
            .list("tokens", (path, id) -> (int) Fields.integer(path, id, 0, Integer.MAX_VALUE))
            .orElseThrow(() -> missing("tokens"));
    fields.rejectOthers();
    return service.detokenize(model, tokens);
  }

  private static ApiException missing(String param) {
    return ApiException.invalid(
        param, "Missing required parameter: '" + param + "'.", "missing_required_parameter");
  }
}
