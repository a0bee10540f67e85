package dev.slipstream.drafting.promptlookup;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.slipstream.drafting.DraftBudget;
import dev.slipstream.drafting.DraftContext;
import dev.slipstream.drafting.DraftSession;
import dev.slipstream.drafting.Progress;
import dev.slipstream.drafting.TargetFeatures;
import dev.slipstream.engine.sampling.SamplingParams;
import dev.slipstream.engine.speculation.DraftTree;
import dev.slipstream.technique.Lossless;
import dev.slipstream.technique.Technique;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;

class PromptLookupDrafterTest {
  private static final PromptLookupConfig CONFIG = new PromptLookupConfig(2, 4, 8, 6);

  private static final DraftContext CONTEXT =
      new DraftContext(SamplingParams.greedy(), "", TargetFeatures.NONE);

  private static DraftTree propose(PromptLookupConfig config, int maxNodes, int... text) {
    try (DraftSession session = new PromptLookupDrafter(config).open(CONTEXT)) {
      session.observe(Progress.of(text));
      return session.propose(new DraftBudget(maxNodes)).orElseThrow();
    }
  }

  private static List<Integer> mainChain(DraftTree tree) {
    List<Integer> tokens = new ArrayList<>();
    for (int n = tree.firstChild(DraftTree.ROOT); n != DraftTree.NONE; n = tree.firstChild(n)) {
      tokens.add(tree.token(n));
    }
    return tokens;
  }

  @Test
  void aQuotationIsCopiedFromWhereItStoodBefore() {
    DraftTree tree = propose(CONFIG, 32, 1, 2, 3, 4, 5, 6, 7, 8, 9, 50, 51, 1, 2);

    assertThat(mainChain(tree)).containsExactly(3, 4, 5, 6, 7, 8);
  }

  /** What its package declares, at every temperature. */
  @Test
  void noDraftCanChangeADraw() {
    assertThat(PromptLookupDrafter.class.getPackage().getAnnotation(Technique.class).lossless())
        .isEqualTo(Lossless.TOKEN);
    assertThat(propose(CONFIG, 32, 1, 2, 3, 4, 5, 1, 2, 7, 8, 1, 2).isDeterministic()).isTrue();
  }

  @Test
  void thereIsNoGuessWhereNothingRepeats() {
    assertThat(propose(CONFIG, 32, 1, 2, 3, 4, 5).isEmpty()).isTrue();
    assertThat(propose(CONFIG, 32, 1, 2, 3, 1).isEmpty()).isTrue();
    assertThat(propose(CONFIG, 32, 1).isEmpty()).isTrue();
    assertThat(propose(CONFIG, 32).isEmpty()).isTrue();
  }

  @Test
  void aLongerMatchBeatsALaterShorterOne() {
    DraftTree tree = propose(CONFIG, 32, 1, 2, 3, 70, 9, 2, 3, 80, 9, 2, 3, 80, 1, 2, 3);

    assertThat(tree.token(0)).isEqualTo(70);
    assertThat(tree.child(DraftTree.ROOT, 80)).isNotNegative().isPositive();
  }

  @Test
  void ofTwoEqualMatchesTheLaterOneComesFirstAndTheOtherIsABranch() {
    DraftTree tree = propose(CONFIG, 32, 1, 2, 70, 9, 1, 2, 80, 9, 1, 2);

    assertThat(tree.token(0)).isEqualTo(80);
    assertThat(tree.child(DraftTree.ROOT, 70)).isPositive();
  }

  @Test
  void continuationsThatBeginAlikeShareNodes() {
    DraftTree tree =
        propose(new PromptLookupConfig(2, 4, 8, 2), 32, 1, 2, 5, 6, 9, 1, 2, 5, 7, 9, 1, 2);

    assertThat(tree.size()).isEqualTo(3);
    assertThat(mainChain(tree)).containsExactly(5, 7);
    assertThat(tree.child(tree.child(DraftTree.ROOT, 5), 6)).isPositive();
  }

  @Test
  void aRepeatingPatternIsProlongedBeyondTheEndOfTheText() {
    assertThat(mainChain(propose(CONFIG, 6, 8, 1, 2, 3, 1, 2, 3, 1, 2)))
        .startsWith(3, 1, 2, 3, 1, 2);
    assertThat(mainChain(propose(CONFIG, 6, 4, 4, 4))).containsExactly(4, 4, 4, 4, 4, 4);
  }

  @Test
  void whatWasGeneratedIsSearchedToo() {
    try (DraftSession session = new PromptLookupDrafter(CONFIG).open(CONTEXT)) {
      session.observe(Progress.of(9, 9, 8));
      for (int token : new int[] {1, 2, 3, 4, 7, 1, 2}) {
        session.observe(Progress.of(token));
      }

      assertThat(mainChain(session.propose(new DraftBudget(8)).orElseThrow()))
          .startsWith(3, 4, 7, 1, 2);
    }
  }

  /** A target follows a tree by itself; a message for every token would only cost time. */
  @Test
  void aTreeThatTheTextFollowsServesUntilHalfOfItIsUsed() {
    try (DraftSession session = new PromptLookupDrafter(CONFIG).open(CONTEXT)) {
      session.observe(Progress.of(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 1, 2));
      assertThat(mainChain(session.propose(new DraftBudget(8)).orElseThrow()))
          .containsExactly(3, 4, 5, 6, 7, 8);

      session.observe(Progress.of(3, 4));
      assertThat(session.propose(new DraftBudget(8))).isEmpty();
      session.observe(Progress.of(5));
      assertThat(session.propose(new DraftBudget(8))).as("half is left").isEmpty();
      session.observe(Progress.of(6));
      assertThat(mainChain(session.propose(new DraftBudget(8)).orElseThrow()))
          .containsExactly(7, 8, 9, 10, 11, 12);
    }
  }

  @Test
  void aTextThatLeavesTheTreeGetsANewOneOrHearsThatNothingIsKnown() {
    try (DraftSession session = new PromptLookupDrafter(CONFIG).open(CONTEXT)) {
      session.observe(Progress.of(1, 2, 3, 4, 5, 1, 2));
      session.propose(new DraftBudget(8));
      session.observe(Progress.of(4, 5));
      assertThat(mainChain(session.propose(new DraftBudget(8)).orElseThrow())).startsWith(1, 2);
      session.observe(Progress.of(77));
      assertThat(session.propose(new DraftBudget(8)))
          .hasValueSatisfying(tree -> assertThat(tree.isEmpty()).isTrue());
    }
  }

  /** Less than the target has already is no news, for example a short draft at rest. */
  @Test
  void aTreeThatIsShorterThanWhatIsLeftIsKeptBack() {
    try (DraftSession session = new PromptLookupDrafter(CONFIG).open(CONTEXT)) {
      session.observe(Progress.of(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 1, 2));
      session.propose(new DraftBudget(8));
      session.observe(Progress.of(3, 4, 5, 6));

      assertThat(session.propose(new DraftBudget(2))).isEmpty();
      assertThat(session.propose(new DraftBudget(8))).isPresent();
    }
  }

  @Test
  void nodesSayWhoFoundThemAndHowSurely() {
    DraftTree tree = propose(CONFIG, 32, 1, 2, 70, 9, 1, 2, 80, 9, 1, 2);

    double sum = 0;
    for (int n = tree.firstChild(DraftTree.ROOT); n != DraftTree.NONE; n = tree.nextSibling(n)) {
      assertThat(tree.origin(n).source()).isEqualTo("prompt-lookup");
      sum += tree.origin(n).probability();
    }
    assertThat(sum).isBetween(0.5, 1.0);
  }

  @Test
  void whatIsNotConfiguredHasItsDefault() {
    assertThat(PromptLookupConfig.DEFAULT).isEqualTo(new PromptLookupConfig(2, 8, 16, 16));
    assertThat(new PromptLookupConfig(null, null, 3, null))
        .isEqualTo(new PromptLookupConfig(2, 8, 3, 16));
  }

  /**
   * A target that can verify k nodes takes the first k, so they must be the best tree of that size.
   */
  @Property(tries = 300)
  void fewerNodesAreThePrefixOfMore(
      @ForAll @Size(min = 4, max = 120) int[] text,
      @ForAll @IntRange(min = 1, max = 12) int nodes) {
    int[] narrow = Arrays.stream(text).map(t -> Math.floorMod(t, 3)).toArray();
    DraftTree small = propose(CONFIG, nodes, narrow);
    DraftTree large = propose(CONFIG, 32, narrow);

    assertThat(small.size()).isEqualTo(Math.min(nodes, large.size()));
    assertThat(small.toString()).isEqualTo(large.prefix(nodes).toString());
  }

  @Property(tries = 300)
  void everyNodeContinuesAnOccurrenceAndTheLongestMatchIsAmongThem(
      @ForAll @Size(min = 4, max = 80) int[] text) {
    int[] narrow = Arrays.stream(text).map(t -> Math.floorMod(t, 3)).toArray();
    DraftTree tree = propose(CONFIG, 32, narrow);

    int best = bruteForce(narrow, CONFIG);
    assertThat(tree.isEmpty()).isEqualTo(best < 0);
    if (best >= 0) {
      assertThat(tree.child(DraftTree.ROOT, narrow[best + 1])).isNotNegative();
    }
    for (int n = 0; n < tree.size(); n++) {
      if (tree.parent(n) == DraftTree.ROOT) {
        assertThat(follows(narrow, tree.token(n))).isTrue();
      }
      assertThat(tree.depth(n)).isLessThanOrEqualTo(CONFIG.maxDepth());
    }
  }

  /** End of the latest among the longest earlier occurrences of the text's end, or -1. */
  private static int bruteForce(int[] text, PromptLookupConfig config) {
    for (int n = Math.min(config.maxNgram(), text.length - 1); n >= config.minNgram(); n--) {
      for (int end = text.length - 2; end >= n - 1; end--) {
        if (Arrays.equals(text, end - n + 1, end + 1, text, text.length - n, text.length)) {
          return end;
        }
      }
    }
    return -1;
  }

  private static boolean follows(int[] text, int token) {
    for (int end = 1; end < text.length - 1; end++) {
      if (text[end] == text[text.length - 1]
          && text[end - 1] == text[text.length - 2]
          && text[end + 1] == token) {
        return true;
      }
    }
    return false;
  }

  @Test
  void aLongTextIsSearchedWhole() {
    int[] text = new int[131_072];
    for (int i = 0; i < text.length; i++) {
      text[i] = i % 100_000 == i ? i : i * 7 % 100_000;
    }
    text[text.length - 2] = 10;
    text[text.length - 1] = 11;

    assertThat(mainChain(propose(CONFIG, 6, text))).startsWith(12, 13, 14);
  }

  @Test
  void aConfigurationThatCannotWorkIsRefused() {
    assertThatThrownBy(() -> new PromptLookupConfig(3, 2, 8, 8)).hasMessageContaining("min-ngram");
    assertThatThrownBy(() -> new PromptLookupConfig(1, 2, 65, 8))
        .hasMessageContaining("candidates");
    assertThatThrownBy(() -> new PromptLookupConfig(1, 2, 8, 0)).hasMessageContaining("max-depth");
  }
}
