package dev.slipstream.gateway.rpc;

import dev.slipstream.gateway.application.PreparedRequest;
import dev.slipstream.gateway.spi.GenerationEvent;
import dev.slipstream.gateway.upstream.UpstreamModel;
import dev.slipstream.proto.v1.CommittedToken;
import dev.slipstream.proto.v1.GenerateResponse;
import dev.slipstream.proto.v1.GeneratedToken;
import dev.slipstream.proto.v1.GenerationChunk;
import dev.slipstream.proto.v1.GenerationFinished;
import dev.slipstream.proto.v1.GenerationStarted;
import dev.slipstream.proto.v1.ListModelsResponse;
import dev.slipstream.proto.v1.ModelCard;
import dev.slipstream.proto.v1.TargetModel;
import java.util.Collection;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/** From our types to protobuf. */
final class GenerationMessages {
  private GenerationMessages() {}

  static GenerateResponse started(String id, PreparedRequest prepared) {
    return GenerateResponse.newBuilder()
        .setStarted(
            GenerationStarted.newBuilder()
                .setRequestId(id)
                .setModel(prepared.model().id())
                .addAllPromptTokenIds(IntStream.of(prepared.prompt()).boxed().toList()))
        .build();
  }

  /** Null for an event that the client need not know. */
  static @Nullable GenerateResponse response(GenerationEvent event) {
    return switch (event) {
      case GenerationEvent.Started() -> null;
      case GenerationEvent.Chunk chunk -> chunk(chunk);
      case GenerationEvent.Finished finished ->
          GenerateResponse.newBuilder()
              .setFinished(
                  GenerationFinished.newBuilder()
                      .setReason(finished.reason())
                      .setUsage(finished.usage())
                      .setSpeculation(finished.speculation())
                      .setTimings(finished.timings())
                      .setResumes(finished.resumes()))
              .build();
    };
  }

  private static GenerateResponse chunk(GenerationEvent.Chunk chunk) {
    GenerationChunk.Builder message = GenerationChunk.newBuilder().setText(chunk.text());
    for (CommittedToken token : chunk.tokens()) {
      GeneratedToken.Builder generated =
          GeneratedToken.newBuilder()
              .setId(token.getId())
              .addAllTopLogprobs(token.getTopLogprobsList());
      if (token.hasLogprob()) {
        generated.setLogprob(token.getLogprob());
      }
      message.addTokens(generated);
    }
    return GenerateResponse.newBuilder().setChunk(message).build();
  }

  static ListModelsResponse models(Collection<UpstreamModel> models) {
    ListModelsResponse.Builder response = ListModelsResponse.newBuilder();
    for (UpstreamModel model : models) {
      TargetModel card = model.card();
      response.addModels(
          ModelCard.newBuilder()
              .setId(model.id())
              .setContextLength(model.contextLength())
              .setVocabularySize(card.getVocabularySize())
              .setModelDigest(card.getModelDigest())
              .setTokenizerDigest(card.getTokenizerDigest())
              .setArchitecture(card.getArchitecture())
              .setWeightFormat(card.getWeightFormat())
              .setKvEncoding(card.getKvEncoding())
              .addAllDrafters(card.getDraftersList()));
    }
    return response.build();
  }
}
