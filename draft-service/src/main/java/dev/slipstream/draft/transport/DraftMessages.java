package dev.slipstream.draft.transport;

import static dev.slipstream.wire.MalformedMessageException.check;

import dev.slipstream.draft.application.DraftOpening;
import dev.slipstream.draft.application.DraftRefusedException;
import dev.slipstream.draft.application.DraftStreams;
import dev.slipstream.drafting.DraftContext;
import dev.slipstream.drafting.Drafter;
import dev.slipstream.drafting.Progress;
import dev.slipstream.drafting.TargetFeatures;
import dev.slipstream.engine.speculation.TeacherProbabilities;
import dev.slipstream.proto.v1.DraftCommitted;
import dev.slipstream.proto.v1.DraftOpen;
import dev.slipstream.proto.v1.DrafterCard;
import dev.slipstream.proto.v1.ListDraftersResponse;
import dev.slipstream.wire.FeedbackCodec;
import dev.slipstream.wire.SamplingCodec;
import dev.slipstream.wire.TokenCodec;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.util.concurrent.ThreadLocalRandom;
import org.jspecify.annotations.Nullable;

/** The messages of a draft stream. */
final class DraftMessages {
  private static final int MAX_NAME_LENGTH = 256;

  private DraftMessages() {}

  /**
   * @throws dev.slipstream.wire.MalformedMessageException naming the field that is wrong
   */
  static DraftOpening opening(DraftOpen open) {
    int tenantLength = open.getTenant().length();
    int teacherTokens = open.getMaxTeacherTokens();
    check(
        tenantLength <= MAX_NAME_LENGTH,
        "tenant",
        "has %d characters; %d is the most",
        tenantLength,
        MAX_NAME_LENGTH);
    check(
        teacherTokens >= 0, "max_teacher_tokens", "is %d, but must not be negative", teacherTokens);
    // A target may know more of its likeliest tokens than anybody here can be told of.
    var features = new TargetFeatures(Math.min(teacherTokens, TeacherProbabilities.MAX_TOKENS));
    long seed = ThreadLocalRandom.current().nextLong();
    var sampling =
        SamplingCodec.decode(open.getSampling(), Integer.MAX_VALUE, () -> seed).withSeed(seed);
    return new DraftOpening(
        open.getTokenizerDigest(),
        TokenCodec.ids(open.getPromptList()),
        open.getDrafter(),
        open.getMaxTokens(),
        new DraftContext(sampling, open.getTenant(), features));
  }

  /**
   * @throws dev.slipstream.wire.MalformedMessageException naming the field that is wrong
   */
  static Progress progress(DraftCommitted committed, int vocabularySize) {
    return new Progress(
        TokenCodec.ids(committed.getTokensList()),
        FeedbackCodec.decode(committed.getFeedbackList(), vocabularySize));
  }

  static ListDraftersResponse drafters(DraftStreams streams) {
    ListDraftersResponse.Builder response =
        ListDraftersResponse.newBuilder()
            .setTokenizerDigest(streams.vocabulary().tokenizerDigest());
    for (Drafter drafter : streams.drafters()) {
      response.addDrafters(
          DrafterCard.newBuilder()
              .setName(drafter.name())
              .setDescription(drafter.description())
              .setIsDefault(drafter == streams.defaultDrafter()));
    }
    return response.build();
  }

  static StatusRuntimeException status(DraftRefusedException refusal) {
    Status status =
        switch (refusal.reason()) {
          case INVALID -> Status.INVALID_ARGUMENT;
          case UNKNOWN_DRAFTER -> Status.NOT_FOUND;
          case TOKENIZER_MISMATCH -> Status.FAILED_PRECONDITION;
          case EXHAUSTED -> Status.RESOURCE_EXHAUSTED;
        };
    return status.withDescription(refusal.getMessage()).asRuntimeException();
  }

  static StatusRuntimeException invalid(@Nullable String message) {
    return Status.INVALID_ARGUMENT.withDescription(message).asRuntimeException();
  }
}
