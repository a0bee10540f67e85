package dev.slipstream.engine.speculation;

import static dev.slipstream.engine.speculation.DraftTree.NONE;
import static dev.slipstream.engine.speculation.DraftTree.ROOT;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.util.HashSet;
import java.util.Random;
import java.util.Set;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class DraftTreeTest {
  private DraftTreeBuilder builder;

  @BeforeEach
  void start() {
    builder = DraftTree.builder(10, 4);
    builder.add(3, ROOT);
    builder.add(4, 0);
  }

  @Test
  void refusesParentsThatDoNotComeBefore() {
    refuses(5, 2, "draft node 2 has parent 2");
    refuses(5, -2, "draft node 2 has parent -2");
  }

  /** Or acceptance would be credited to the wrong technique as soon as a text moves on. */
  @Test
  void nodesKeepTheirOriginWhenTheTreeIsCutOrFollowed() {
    DraftTreeBuilder mixed = DraftTree.builder(10, 4);
    mixed.add(1, ROOT, NodeOrigin.of("copy", 0.75));
    mixed.add(2, ROOT, NodeOrigin.of("head", 0.5));
    mixed.add(3, 0, NodeOrigin.of("head", 0.25));
    DraftTree tree = mixed.build();

    assertThat(tree.prefix(2).origin(1)).isEqualTo(NodeOrigin.of("head", 0.5));
    assertThat(tree.advance(1).origin(0)).isEqualTo(NodeOrigin.of("head", 0.25));
    assertThat(tree.advance(new int[] {1, 3}).isEmpty()).isTrue();
    assertThat(builder.build().origin(0).hasProbability()).isFalse();
    assertThat(builder.build().origin(0).sourceOr("drafter")).isEqualTo("drafter");
    assertThatIllegalArgumentException().isThrownBy(() -> NodeOrigin.of("head", 1.5));
  }

  @Test
  void refusesTheSameTokenTwiceAfterOneParent() {
    refuses(3, ROOT, "draft nodes 0 and 2 are both token 3");
    builder.add(4, ROOT);
  }

  @Test
  void refusesTokensOutsideTheVocabulary() {
    refuses(10, ROOT, "token 10, outside the vocabulary of 10");
    refuses(-1, ROOT, "token -1");
  }

  @Test
  void refusesMoreNodesThanAllowed() {
    builder.add(5, ROOT);
    builder.add(6, ROOT);
    refuses(7, ROOT, "more than 4 nodes");
  }

  @Test
  void refusesATokenThatItsDistributionCannotGive() {
    DraftDistribution q = DraftDistribution.of(new int[] {5, 2, 7}, new float[] {0.5f, 0.5f, 0});
    DraftDistribution outside = DraftDistribution.of(new int[] {5, 10}, new float[] {0.5f, 0.5f});
    assertThatIllegalArgumentException()
        .isThrownBy(() -> builder.add(6, ROOT, NodeOrigin.drawn(q)));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> builder.add(7, ROOT, NodeOrigin.drawn(q)))
        .withMessageContaining("no probability");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> builder.add(5, ROOT, NodeOrigin.drawn(outside)))
        .withMessageContaining("token 10");
    builder.add(5, ROOT, NodeOrigin.drawn(q));
    assertThat(builder.build().isDeterministic()).isFalse();
    assertThat(builder.build().prefix(2).isDeterministic()).isTrue();
  }

  @Test
  void aRefusedNodeLeavesTheRestUsable() {
    refuses(10, ROOT, "");
    assertThat(builder.build().size()).isEqualTo(2);
  }

  /** Walking along committed tokens keeps exactly what still can follow, q included. */
  @Property(tries = 300)
  void whatRemainsAfterACommittedTokenIsTheSubtree(
      @ForAll @IntRange(min = 1, max = 40) int size, @ForAll long seed) {
    DraftTree tree = random(size, seed);
    for (int token = 0; token < 5; token++) {
      int top = tree.child(ROOT, token);
      DraftTree rest = tree.advance(token);
      if (top == NONE) {
        assertThat(rest.isEmpty()).isTrue();
        continue;
      }
      assertThat(rest.walked()).isEqualTo(1);
      Set<String> expected = new HashSet<>();
      for (int n = 0; n < size; n++) {
        String path = path(tree, n);
        if (path.startsWith(path(tree, top) + "/")) {
          expected.add(path.substring(path(tree, top).length()));
        }
      }
      Set<String> actual = new HashSet<>();
      for (int n = 0; n < rest.size(); n++) {
        actual.add(path(rest, n));
      }
      assertThat(actual).isEqualTo(expected).hasSize(rest.size());
    }
  }

  @Property(tries = 200)
  void childrenDepthsAndPrefixesAgreeWithTheParents(
      @ForAll @IntRange(min = 1, max = 40) int size, @ForAll long seed) {
    DraftTree tree = random(size, seed);
    int children = 0;
    for (int n = ROOT; n < size; n++) {
      int previous = n;
      for (int c = tree.firstChild(n); c != NONE; c = tree.nextSibling(c)) {
        assertThat(c).isGreaterThan(previous);
        assertThat(tree.parent(c)).isEqualTo(n);
        assertThat(tree.child(n, tree.token(c))).isEqualTo(c);
        assertThat(tree.depth(c)).isEqualTo(n == ROOT ? 1 : tree.depth(n) + 1);
        previous = c;
        children++;
      }
    }
    assertThat(children).isEqualTo(size);
    DraftTree prefix = tree.prefix(size / 2);
    assertThat(prefix.size()).isEqualTo(size / 2);
    for (int n = 0; n < prefix.size(); n++) {
      assertThat(path(prefix, n)).isEqualTo(path(tree, n));
    }
  }

  private void refuses(int token, int parent, String message) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> builder.add(token, parent))
        .withMessageContaining(message);
  }

  private static DraftTree random(int size, long seed) {
    Random random = new Random(seed);
    DraftTreeBuilder builder = DraftTree.builder(1000, size);
    while (builder.size() < size) {
      int parent = random.nextInt(builder.size() + 1) - 1;
      int token = random.nextInt(5);
      if (builder.build().child(parent, token) != NONE) {
        token = 100 + builder.size();
      }
      DraftDistribution q =
          DraftDistribution.of(new int[] {token, 999}, new float[] {0.25f, 0.75f});
      builder.add(token, parent, random.nextBoolean() ? NodeOrigin.drawn(q) : NodeOrigin.UNKNOWN);
    }
    return builder.build();
  }

  private static String path(DraftTree tree, int node) {
    if (node == ROOT) {
      return "";
    }
    DraftDistribution q = tree.distribution(node);
    String mark = q == null ? "" : "~" + System.identityHashCode(q);
    return path(tree, tree.parent(node)) + "/" + tree.token(node) + mark;
  }
}
