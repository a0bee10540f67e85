package dev.slipstream.gateway.http;

import dev.slipstream.gateway.application.GenerationService;
import dev.slipstream.gateway.upstream.UpstreamModel;
import dev.slipstream.proto.v1.TargetModel;
import java.util.List;
import org.springframework.http.HttpStatus;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.RestController;
import org.springframework.web.server.ServerWebExchange;
import reactor.core.publisher.Mono;

/** {@code GET /v1/models} and {@code GET /v1/models/{id}}; ids may contain slashes. */
@RestController
class ModelsController {

  /**
   * @param maxModelLen context length in tokens, named as vLLM does
   * @param slipstream what answers depend on, and their speed
   */
  private record ModelObject(
      String id, String object, long created, String ownedBy, int maxModelLen, Details slipstream) {
    static ModelObject of(UpstreamModel model) {
      TargetModel card = model.card();
      return new ModelObject(
          model.id(),
          "model",
          card.getCreated(),
          "slipstream",
          model.contextLength(),
          new Details(
              card.getArchitecture(),
              card.getModelDigest(),
              card.getTokenizerDigest(),
              card.getWeightFormat(),
              card.getKvEncoding(),
              card.getDraftersList()));
    }
  }

  /** As in {@link TargetModel}. */
  private record Details(
      String architecture,
      String modelDigest,
      String tokenizerDigest,
      String weightFormat,
      String kvEncoding,
      List<String> drafters) {}

  private record ModelList(String object, List<ModelObject> data) {}

  private final GenerationService service;
  private final JsonWriter json = new JsonWriter();

  ModelsController(GenerationService service) {
    this.service = service;
  }

  @GetMapping("/v1/models")
  Mono<Void> list(ServerWebExchange exchange) {
    List<ModelObject> data = service.models().values().stream().map(ModelObject::of).toList();
    return json.write(exchange.getResponse(), HttpStatus.OK, new ModelList("list", data));
  }

  @GetMapping("/v1/models/{*id}")
  Mono<Void> one(@PathVariable String id, ServerWebExchange exchange) {
    if (id.equals("/")) {
      return list(exchange);
    }
    UpstreamModel model = service.model(id.substring(1));
    return json.write(exchange.getResponse(), HttpStatus.OK, ModelObject.of(model));
  }
}
