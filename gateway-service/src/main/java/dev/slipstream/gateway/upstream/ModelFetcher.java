package dev.slipstream.gateway.upstream;

import dev.slipstream.models.gguf.GgufFile;
import dev.slipstream.models.gguf.GgufMetadata;
import dev.slipstream.proto.v1.GetModelRequest;
import dev.slipstream.proto.v1.GetVocabularyRequest;
import dev.slipstream.proto.v1.TargetModel;
import dev.slipstream.proto.v1.TargetServiceGrpc;
import dev.slipstream.proto.v1.VocabularyChunk;
import dev.slipstream.text.tokenizer.Tokenizer;
import java.io.ByteArrayOutputStream;
import java.lang.foreign.MemorySegment;
import java.time.Duration;
import java.util.Iterator;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** Fetches what a target serves. Blocks; call it on a thread that may. */
final class ModelFetcher {
  private static final Duration VOCABULARY_DEADLINE = Duration.ofSeconds(60);

  private ModelFetcher() {}

  /**
   * @param known what the target served before, or null; its vocabulary is kept if it is the same
   * @param limit for saying what it serves
   * @throws io.grpc.StatusRuntimeException if the target cannot be reached
   * @throws RuntimeException if its vocabulary makes no sense
   */
  static UpstreamModel load(
      TargetServiceGrpc.TargetServiceBlockingStub stub,
      @Nullable UpstreamModel known,
      Duration limit) {
    TargetModel card =
        stub.withDeadlineAfter(limit.toMillis(), TimeUnit.MILLISECONDS)
            .getModel(GetModelRequest.getDefaultInstance());
    if (known != null
        && known.card().getModelDigest().equals(card.getModelDigest())
        && known.card().getTokenizerDigest().equals(card.getTokenizerDigest())) {
      return new UpstreamModel(card, known.tokenizer(), known.fewestTokens(), known.chatFormat());
    }
    GgufMetadata metadata =
        GgufFile.parse(MemorySegment.ofArray(vocabulary(stub)), card.getId()).metadata();
    Tokenizer tokenizer = Tokenizer.of(metadata);
    if (!tokenizer.digest().equals(card.getTokenizerDigest())) {
      throw new IllegalStateException(
          "the target's tokenizer has the digest %s, but its vocabulary gives %s; are target and gateway of the same release?"
              .formatted(card.getTokenizerDigest(), tokenizer.digest()));
    }
    return new UpstreamModel(
        card, tokenizer, tokenizer.fewestTokens(), ChatFormat.of(metadata, tokenizer));
  }

  private static byte[] vocabulary(TargetServiceGrpc.TargetServiceBlockingStub stub) {
    Iterator<VocabularyChunk> chunks =
        stub.withDeadlineAfter(VOCABULARY_DEADLINE.toMillis(), TimeUnit.MILLISECONDS)
            .getVocabulary(GetVocabularyRequest.getDefaultInstance());
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    chunks.forEachRemaining(chunk -> bytes.writeBytes(chunk.getData().toByteArray()));
    return bytes.toByteArray();
  }
}
