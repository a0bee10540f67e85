package dev.slipstream.drafting;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.slipstream.drafting.promptlookup.PromptLookupConfig;
import dev.slipstream.drafting.promptlookup.PromptLookupDrafter;
import dev.slipstream.drafting.toy.CountingDrafter;
import dev.slipstream.drafting.toy.DrawingDrafter;
import dev.slipstream.drafting.toy.LearningDrafter;
import dev.slipstream.engine.sampling.SamplingParams;
import dev.slipstream.engine.speculation.DraftTree;
import dev.slipstream.engine.speculation.TeacherProbabilities;
import dev.slipstream.engine.speculation.VerifiedDraft;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** Prompt lookup, a drafter that draws and one that learns, as one. */
class FusedDrafterTest {
  private static final DraftBudget BUDGET = new DraftBudget(16);
  private static final DraftContext SAMPLED =
      new DraftContext(SamplingParams.plain(5), "", new TargetFeatures(8));

  private final PromptLookupDrafter lookup = new PromptLookupDrafter(PromptLookupConfig.DEFAULT);
  private final FusedDrafter fused =
      new FusedDrafter("fused", List.of(lookup, new DrawingDrafter(3), new LearningDrafter()));

  @Test
  void allOfThemAreInOneTreeUnderTheirNames() {
    try (DraftSession session = fused.open(SAMPLED)) {
      session.observe(Progress.of(1, 2, 3, 4, 5, 6, 7, 8, 1, 2));
      DraftTree tree = session.propose(BUDGET).orElseThrow();

      Set<String> sources = new HashSet<>();
      for (int n = 0; n < tree.size(); n++) {
        sources.add(tree.origin(n).source());
        assertThat(tree.distribution(n) != null)
            .isEqualTo(tree.origin(n).source().equals(DrawingDrafter.NAME));
      }
      assertThat(sources).contains(PromptLookupDrafter.NAME, DrawingDrafter.NAME);
      assertThat(tree.size()).isLessThanOrEqualTo(16);
    }
  }

  @Test
  void theSameTextAndSeedGiveTheSameTree() {
    String[] trees = new String[2];
    for (int i = 0; i < 2; i++) {
      try (DraftSession session =
          new FusedDrafter("fused", List.of(lookup, new DrawingDrafter(3))).open(SAMPLED)) {
        session.observe(Progress.of(1, 2, 3, 4, 5, 1, 2));
        trees[i] = session.propose(BUDGET).orElseThrow().toString();
      }
    }

    assertThat(trees[0]).isEqualTo(trees[1]).contains("~q");
  }

  /** Prompt lookup keeps still while its tree serves; what it said must not be forgotten. */
  @Test
  void aTreeThatStillServesTakesPartWithWhatIsLeftOfIt() {
    FusedDrafter both = new FusedDrafter("fused", List.of(lookup, new LearningDrafter()));
    try (DraftSession session = both.open(SAMPLED)) {
      session.observe(Progress.of(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 1, 2));
      session.propose(BUDGET);
      session.observe(Progress.of(3));

      DraftTree tree = session.propose(BUDGET).orElseThrow();
      assertThat(tree.child(DraftTree.ROOT, 4)).isNotNegative();
      assertThat(tree.origin(tree.child(DraftTree.ROOT, 4)).source())
          .isEqualTo(PromptLookupDrafter.NAME);
    }
  }

  @Test
  void whereNobodyHasNewsNothingIsSaid() {
    FusedDrafter alone = new FusedDrafter("fused", List.of(lookup));
    try (DraftSession session = alone.open(SAMPLED)) {
      session.observe(Progress.of(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 1, 2));
      assertThat(session.propose(BUDGET)).isPresent();
      session.observe(Progress.of(3));
      assertThat(session.propose(BUDGET)).isEmpty();
      session.observe(Progress.of(99));
      assertThat(session.propose(BUDGET)).map(DraftTree::isEmpty).contains(true);
    }
  }

  @Test
  void whatTheTargetTeachesReachesTheDrafterThatAskedForIt() {
    LearningDrafter learning = new LearningDrafter();
    FusedDrafter both = new FusedDrafter("fused", List.of(lookup, learning));
    assertThat(both.teacherTokens()).isEqualTo(learning.teacherTokens());
    try (DraftSession session = both.open(SAMPLED)) {
      session.observe(Progress.of(50, 51));
      var teacher = new TeacherProbabilities(new int[] {60, 61}, new float[] {0.7f, 0.2f}, 0.1f);
      session.observe(
          new Progress(
              new int[] {60, 51}, List.of(new VerifiedDraft(2, 1, 0, Optional.of(teacher)))));

      DraftTree tree = session.propose(BUDGET).orElseThrow();
      assertThat(tree.token(0)).as("after 51 comes what the target had thought").isEqualTo(60);
      assertThat(tree.origin(0).probability()).isEqualTo(0.7f);
    }
  }

  @Test
  void oneThatCannotBeginLeavesNoSessionOpen() {
    CountingDrafter closing = new CountingDrafter(0);
    FusedDrafter half = new FusedDrafter("half", List.of(closing, new Broken()));

    assertThatThrownBy(() -> half.open(SAMPLED)).hasMessage("no model");
    assertThat(closing.open).isZero();
    assertThatIllegalArgumentException().isThrownBy(() -> new FusedDrafter("none", List.of()));
  }

  private record Broken() implements Drafter {
    @Override
    public String name() {
      return "broken";
    }

    @Override
    public String description() {
      return "";
    }

    @Override
    public DraftSession open(DraftContext context) {
      throw new IllegalStateException("no model");
    }
  }
}
