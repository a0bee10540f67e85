package dev.slipstream.gateway.rpc;

import dev.slipstream.gateway.application.Defects;
import dev.slipstream.gateway.application.GenerationService;
import dev.slipstream.proto.v1.DetokenizeRequest;
import dev.slipstream.proto.v1.DetokenizeResponse;
import dev.slipstream.proto.v1.GenerateRequest;
import dev.slipstream.proto.v1.GenerateResponse;
import dev.slipstream.proto.v1.GenerationServiceGrpc;
import dev.slipstream.proto.v1.ListModelsRequest;
import dev.slipstream.proto.v1.ListModelsResponse;
import dev.slipstream.proto.v1.TokenizeRequest;
import dev.slipstream.proto.v1.TokenizeResponse;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import java.util.HexFormat;
import java.util.concurrent.ThreadLocalRandom;
import java.util.stream.IntStream;
import org.springframework.grpc.server.service.GrpcService;
import reactor.core.Disposable;
import reactor.core.Disposables;
import reactor.core.publisher.Flux;

/** The public gRPC API. */
@GrpcService
class GenerationGrpcService extends GenerationServiceGrpc.GenerationServiceImplBase {
  private static final String FORMATTING = "the formatting of a message";

  private final GenerationService service;
  private final Defects defects;

  GenerationGrpcService(GenerationService service, Defects defects) {
    this.service = service;
    this.defects = defects;
  }

  @Override
  public void generate(GenerateRequest request, StreamObserver<GenerateResponse> responses) {
    byte[] random = new byte[12];
    ThreadLocalRandom.current().nextBytes(random);
    String id = "gen-" + HexFormat.of().formatHex(random);
    answer(
        service
            .prepare(request, "", AccessInterceptor.caller())
            .flatMapMany(
                defects.guarded(
                    FORMATTING,
                    prepared ->
                        Flux.just(GenerationMessages.started(id, prepared))
                            .concatWith(
                                service
                                    .answer(prepared, id)
                                    .mapNotNull(
                                        defects.guarded(
                                            FORMATTING, GenerationMessages::response))))),
        responses);
  }

  @Override
  public void listModels(ListModelsRequest request, StreamObserver<ListModelsResponse> responses) {
    answer(Flux.just(GenerationMessages.models(service.models().values())), responses);
  }

  @Override
  public void tokenize(TokenizeRequest request, StreamObserver<TokenizeResponse> responses) {
    InboundBytes bytes = InboundBytes.current();
    boolean parseSpecial = !request.hasParseSpecial() || request.getParseSpecial();
    answer(
        service
            .tokenize(
                request.getModel(),
                request.getContent(),
                request.getAddSpecial(),
                parseSpecial,
                AccessInterceptor.caller())
            .map(
                defects.guarded(
                    FORMATTING,
                    tokens ->
                        TokenizeResponse.newBuilder()
                            .addAllTokens(IntStream.of(tokens).boxed().toList())
                            .build()))
            .doOnNext(response -> bytes.hold(response.getSerializedSize()))
            .flux(),
        responses);
  }

  @Override
  public void detokenize(DetokenizeRequest request, StreamObserver<DetokenizeResponse> responses) {
    InboundBytes bytes = InboundBytes.current();
    answer(
        service
            .detokenize(request.getModel(), request.getTokensList(), AccessInterceptor.caller())
            .map(
                defects.guarded(
                    FORMATTING, text -> DetokenizeResponse.newBuilder().setContent(text).build()))
            .doOnNext(response -> bytes.hold(response.getSerializedSize()))
            .flux(),
        responses);
  }

  /** Cancelling the call, or its deadline, or refusing it cancels the work. */
  private static <T> void answer(Flux<T> work, StreamObserver<T> responses) {
    ServerCallStreamObserver<T> call = (ServerCallStreamObserver<T>) responses;
    Disposable.Swap subscription = Disposables.swap();
    call.setOnCancelHandler(subscription::dispose);
    call.setOnCloseHandler(subscription::dispose);
    subscription.update(
        work.onErrorMap(GrpcErrors::of)
            .contextCapture()
            .subscribe(call::onNext, call::onError, call::onCompleted));
  }
}
