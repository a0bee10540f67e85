package dev.slipstream.wire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.slipstream.engine.speculation.TeacherProbabilities;
import dev.slipstream.engine.speculation.VerifiedDraft;
import dev.slipstream.proto.v1.DraftFeedback;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.function.Consumer;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;

/** A drafter learns from what it is told: it must be what the target said, or nothing. */
class FeedbackCodecTest {
  private static final int VOCABULARY = 1000;

  @Property(tries = 300)
  void whatIsSentArrives(@ForAll long seed, @ForAll @IntRange(max = 64) int teacherTokens)
      throws Exception {
    Random random = new Random(seed);
    int drafted = 1 + random.nextInt(16);
    VerifiedDraft sent =
        new VerifiedDraft(
            1 + random.nextInt(100),
            drafted,
            random.nextInt(drafted + 1),
            teacher(random, teacherTokens));
    DraftFeedback message = DraftFeedback.parseFrom(FeedbackCodec.encode(sent).toByteArray());

    assertThat(FeedbackCodec.decode(List.of(message, message), VOCABULARY))
        .containsExactly(sent, sent);
  }

  private static Optional<TeacherProbabilities> teacher(Random random, int count) {
    if (count == 0) {
      return Optional.empty();
    }
    float[] logits = new float[VOCABULARY];
    for (int t = 0; t < VOCABULARY; t++) {
      logits[t] = (float) (3 * random.nextGaussian());
    }
    return Optional.of(TeacherProbabilities.of(logits, 0, VOCABULARY, count));
  }

  @Test
  void eachRefusalNamesItsField() {
    refused("feedback[1].base_length is 0", f -> f.setBaseLength(0));
    refused("feedback[1].drafted is 0", f -> f.setDrafted(0));
    refused("feedback[1].accepted is 9", f -> f.setAccepted(9));
    refused("feedback[1].accepted is -1", f -> f.setAccepted(-1));
    refused("feedback[1].teacher_tokens[0] is token 1000", f -> f.setTeacherTokens(0, VOCABULARY));
    refused("feedback[1].teacher_tokens[0] is token -3", f -> f.setTeacherTokens(0, -3));
    refused("feedback[1].teacher_probabilities has 1 values for 2", f -> f.addTeacherTokens(5));
    refused(
        "feedback[1].teacher_probabilities: a probability is NaN",
        f -> f.setTeacherProbabilities(0, Float.NaN));
    refused("feedback[1].teacher_probabilities: the tail has 0.9", f -> f.setTailMass(0.9f));
    refused("feedback[1].teacher_probabilities: the tail has NaN", f -> f.setTailMass(Float.NaN));
    refused(
        "feedback[1].teacher_tokens has 66 tokens; 64 is the most",
        f -> {
          for (int i = 0; i < 65; i++) {
            f.addTeacherTokens(i).addTeacherProbabilities(0);
          }
        });
  }

  private static void refused(String said, Consumer<DraftFeedback.Builder> change) {
    DraftFeedback.Builder good =
        DraftFeedback.newBuilder()
            .setBaseLength(4)
            .setDrafted(3)
            .setAccepted(2)
            .addTeacherTokens(7)
            .addTeacherProbabilities(0.75f)
            .setTailMass(0.25f);
    DraftFeedback before = good.build();
    change.accept(good);
    assertThatExceptionOfType(MalformedMessageException.class)
        .isThrownBy(() -> FeedbackCodec.decode(List.of(before, good.build()), VOCABULARY))
        .withMessageContaining(said);
  }
}
