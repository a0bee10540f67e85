package dev.slipstream.drafting;

import static org.assertj.core.api.Assertions.assertThat;

import dev.slipstream.engine.sampling.ChiSquare;
import dev.slipstream.engine.sampling.ReferenceSampling;
import dev.slipstream.engine.sampling.SamplingParams;
import dev.slipstream.engine.sampling.SamplingWorkspace;
import dev.slipstream.engine.sampling.TokenHistory;
import dev.slipstream.engine.sampling.TokenSampler;
import dev.slipstream.engine.speculation.DraftTree;
import dev.slipstream.engine.speculation.DraftTreeBuilder;
import dev.slipstream.engine.speculation.NodeOrigin;
import dev.slipstream.engine.speculation.ToyDrafters;
import dev.slipstream.engine.speculation.ToyDrafters.Children;
import dev.slipstream.engine.speculation.ToyModels;
import dev.slipstream.engine.speculation.TreeVerifier;
import dev.slipstream.engine.speculation.Verdict;
import java.util.Arrays;
import java.util.List;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Several techniques in one tree: none is lost, nothing is verified twice, nothing is biased. */
@Tag("slow")
class FusedTreeTest {
  private static DraftTree fuse(int maxNodes, DraftTree... trees) {
    return FusedTree.of(
        List.of(
            new FusedTree.Source("a", trees[0]),
            new FusedTree.Source("b", trees.length > 1 ? trees[1] : DraftTree.empty())),
        maxNodes);
  }

  private static DraftTree chain(double probability, int... tokens) {
    DraftTreeBuilder tree = DraftTree.builder(1000, 100);
    for (int n = 0; n < tokens.length; n++) {
      tree.add(tokens[n], n - 1, new NodeOrigin("", (float) probability, null));
    }
    return tree.build();
  }

  @Test
  void commonBeginningsAreSharedAndDifferencesBecomeBranches() {
    DraftTree fused = fuse(10, chain(0.9, 1, 2, 3), chain(0.8, 1, 2, 7, 8));

    assertThat(fused).hasToString("DraftTree[-1>1 0>2 1>3 1>7 3>8]");
  }

  @Test
  void theSurerSourceComesFirstAndAnEqualOneInTheOrderOfTheDrafters() {
    assertThat(fuse(10, chain(0.3, 1, 2), chain(0.9, 5, 6)))
        .hasToString("DraftTree[-1>5 0>6 -1>1 2>2]");
    assertThat(fuse(10, chain(0.5, 1), chain(0.5, 5))).hasToString("DraftTree[-1>1 -1>5]");
  }

  @Test
  void aNodeBelongsToTheSourceThatIsSurerOfIt() {
    DraftTree fused = fuse(10, chain(0.3, 1, 2), chain(0.9, 1, 3));

    assertThat(fused.origin(0)).isEqualTo(NodeOrigin.of("b", 0.9));
    assertThat(fused.origin(fused.child(0, 2))).isEqualTo(NodeOrigin.of("a", 0.3));
    assertThat(fused.origin(fused.child(0, 3))).isEqualTo(NodeOrigin.of("b", 0.9));
  }

  @Test
  void whatFoundANodeIsKeptIfItsDrafterIsItselfAFusion() {
    DraftTreeBuilder inner = DraftTree.builder(10, 1);
    inner.add(1, DraftTree.ROOT, NodeOrigin.of("inner", 0.5));

    assertThat(fuse(5, inner.build()).origin(0).source()).isEqualTo("inner");
  }

  /** The target verifies the first k nodes, so every prefix must be the best tree of its size. */
  @net.jqwik.api.Tag("slow")
  @Property(tries = 300)
  void fewerNodesAreThePrefixOfMoreAndNothingIsLostThatFits(
      @ForAll @Size(min = 1, max = 40) int[] one,
      @ForAll @Size(min = 1, max = 40) int[] other,
      @ForAll @IntRange(min = 1, max = 30) int nodes) {
    DraftTree first = tree(one);
    DraftTree second = tree(other);
    DraftTree all = fuse(1000, first, second);
    DraftTree some = fuse(nodes, first, second);

    assertThat(some).hasToString(all.prefix(nodes).toString());
    assertThat(fuse(1000, first, second)).hasToString(all.toString());
    assertContains(all, DraftTree.ROOT, first, DraftTree.ROOT);
    assertContains(all, DraftTree.ROOT, second, DraftTree.ROOT);
    assertThat(all.size()).isLessThanOrEqualTo(first.size() + second.size());
  }

  private static void assertContains(DraftTree all, int at, DraftTree part, int node) {
    for (int n = part.firstChild(node); n != DraftTree.NONE; n = part.nextSibling(n)) {
      int same = all.child(at, part.token(n));
      assertThat(same).as("token %d below node %d", part.token(n), at).isNotNegative();
      assertContains(all, same, part, n);
    }
  }

  /** Any tree over few tokens, with or without probabilities. */
  private static DraftTree tree(int[] seeds) {
    DraftTreeBuilder tree = DraftTree.builder(5, seeds.length);
    for (int seed : seeds) {
      int parent = Math.floorMod(seed, tree.size() + 1) - 1;
      int token = Math.floorMod(seed / 7, 5);
      float probability = seed % 3 == 0 ? Float.NaN : Math.floorMod(seed / 11, 10) / 10f;
      try {
        tree.add(token, parent, new NodeOrigin("", probability, null));
      } catch (IllegalArgumentException e) {
        // That child is there already.
      }
    }
    return tree.build();
  }

  /**
   * Drawn tokens fused with chosen ones, and with other drawn ones, cut anywhere: the answer keeps
   * the target's distribution.
   */
  @ParameterizedTest
  @CsvSource({
    "DRAWN, CHOSEN, 0.9, 2", "DRAWN, CHOSEN, 0.9, 4", "DRAWN, CHOSEN, 0.2, 3",
    "DRAWN, CHOSEN, 0.2, 12", "CHOSEN, DRAWN, 0.5, 3", "DRAWN, DRAWN, 0.5, 3",
    "DRAWN, DRAWN_REDUCED, 0.5, 12", "DRAWN, MIXED_LEVELS, 0.4, 5"
  })
  void theAnswerHasTheTargetsDistribution(
      Children one, Children other, double sureness, int maxNodes) {
    ToyModels models = new ToyModels(6, 17);
    ToyDrafters first = new ToyDrafters(models, 77);
    ToyDrafters second = new ToyDrafters(models, 78);
    SamplingWorkspace workspace = new SamplingWorkspace(models.vocabulary);
    int[] prompt = {2, 5, 2};
    long[] pairs = new long[36];
    long both = 0;
    for (int i = 0; i < 24_000; i++) {
      TokenSampler sampler = new TokenSampler(SamplingParams.plain(i), workspace);
      TokenHistory history = new TokenHistory(prompt, prompt.length);
      while (history.generated() < 2) {
        DraftTree a = first.tree(one, history.toArray(), 2, 2);
        DraftTree b = sure(sureness, second.tree(other, history.toArray(), 2, 1));
        DraftTree tree = fuse(maxNodes, a, b);
        both += tree.size() < a.size() + b.size() ? 1 : 0;
        Verdict verdict =
            TreeVerifier.verify(tree, models.rows(tree, history), models::offset, sampler, history);
        Arrays.stream(verdict.tokens()).forEach(history::append);
      }
      pairs[6 * history.token(3) + history.token(4)]++;
    }

    assertThat(both).as("trees that overlap or are cut").isPositive();
    double[] expected = new double[36];
    double[] start = probabilities(models, prompt, new int[0]);
    for (int t = 0; t < 36; t++) {
      expected[t] = start[t / 6] * probabilities(models, prompt, new int[] {t / 6})[t % 6];
    }
    assertThat(ChiSquare.deviation(pairs, expected)).isLessThan(4);
  }

  private static double[] probabilities(ToyModels models, int[] prompt, int[] answer) {
    int[] text = Arrays.copyOf(prompt, prompt.length + answer.length);
    System.arraycopy(answer, 0, text, prompt.length, answer.length);
    return ReferenceSampling.probabilities(
        models.logits(text), SamplingParams.plain(0), prompt, answer);
  }

  private static DraftTree sure(double probability, DraftTree tree) {
    DraftTreeBuilder copy = DraftTree.builder(6, tree.size());
    for (int n = 0; n < tree.size(); n++) {
      copy.add(
          tree.token(n),
          tree.parent(n),
          new NodeOrigin("", (float) probability, tree.distribution(n)));
    }
    return copy.build();
  }
}
