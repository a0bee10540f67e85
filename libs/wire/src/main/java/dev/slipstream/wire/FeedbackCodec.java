package dev.slipstream.wire;

import static dev.slipstream.wire.MalformedMessageException.check;

import dev.slipstream.engine.speculation.TeacherProbabilities;
import dev.slipstream.engine.speculation.VerifiedDraft;
import dev.slipstream.proto.v1.DraftFeedback;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** What became of drafts. */
public final class FeedbackCodec {
  private FeedbackCodec() {}

  public static DraftFeedback encode(VerifiedDraft draft) {
    DraftFeedback.Builder message =
        DraftFeedback.newBuilder()
            .setBaseLength(draft.baseLength())
            .setDrafted(draft.drafted())
            .setAccepted(draft.accepted());
    draft.refusal().ifPresent(teacher -> write(teacher, message));
    return message.build();
  }

  private static void write(TeacherProbabilities teacher, DraftFeedback.Builder message) {
    for (int i = 0; i < teacher.tokens().length; i++) {
      message.addTeacherTokens(teacher.tokens()[i]);
      message.addTeacherProbabilities(teacher.probabilities()[i]);
    }
    message.setTailMass(teacher.tailMass());
  }

  /**
   * @throws MalformedMessageException naming the field that is wrong
   */
  public static List<VerifiedDraft> decode(List<DraftFeedback> messages, int vocabularySize) {
    List<VerifiedDraft> all = new ArrayList<>(messages.size());
    for (int i = 0; i < messages.size(); i++) {
      all.add(decode("feedback[%d].".formatted(i), messages.get(i), vocabularySize));
    }
    return all;
  }

  private static VerifiedDraft decode(String in, DraftFeedback message, int vocabularySize) {
    int drafted = message.getDrafted();
    int accepted = message.getAccepted();
    check(
        message.getBaseLength() >= 1,
        in + "base_length",
        "is %d, but must be at least 1",
        message.getBaseLength());
    check(drafted >= 1, in + "drafted", "is %d, but must be at least 1", drafted);
    check(
        accepted >= 0 && accepted <= drafted,
        in + "accepted",
        "is %d, but must be from 0 to drafted (%d)",
        accepted,
        drafted);
    return new VerifiedDraft(
        message.getBaseLength(), drafted, accepted, teacher(in, message, vocabularySize));
  }

  private static Optional<TeacherProbabilities> teacher(
      String in, DraftFeedback message, int vocabularySize) {
    int count = message.getTeacherTokensCount();
    check(
        message.getTeacherProbabilitiesCount() == count,
        in + "teacher_probabilities",
        "has %d values for %d tokens",
        message.getTeacherProbabilitiesCount(),
        count);
    check(
        count <= TeacherProbabilities.MAX_TOKENS,
        in + "teacher_tokens",
        "has %d tokens; %d is the most",
        count,
        TeacherProbabilities.MAX_TOKENS);
    if (count == 0) {
      return Optional.empty();
    }
    int[] tokens =
        TokenCodec.decode(in + "teacher_tokens", message.getTeacherTokensList(), vocabularySize);
    float[] probabilities = new float[count];
    for (int i = 0; i < count; i++) {
      probabilities[i] = message.getTeacherProbabilities(i);
    }
    try {
      return Optional.of(new TeacherProbabilities(tokens, probabilities, message.getTailMass()));
    } catch (IllegalArgumentException e) {
      throw new MalformedMessageException(in + "teacher_probabilities", e);
    }
  }
}
