package dev.slipstream.wire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.within;

import dev.slipstream.engine.speculation.DraftDistribution;
import dev.slipstream.engine.speculation.DraftTree;
import dev.slipstream.engine.speculation.DraftTreeBuilder;
import dev.slipstream.engine.speculation.NodeOrigin;
import dev.slipstream.engine.speculation.Proposed;
import dev.slipstream.proto.v1.DraftNode;
import dev.slipstream.proto.v1.Proposal;
import dev.slipstream.proto.v1.TokenProbability;
import java.util.Collections;
import java.util.Random;
import java.util.function.Consumer;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;

/** A draft that changes on its way is verified against the wrong numbers; a bad one is named. */
class ProposalCodecTest {
  private static final int VOCABULARY = 50;
  private static final String[] SOURCES = {"", "drafter", "copy", "head"};

  @Property(tries = 500)
  void whatIsSentArrives(@ForAll long seed, @ForAll @IntRange(max = 40) int nodes)
      throws Exception {
    Random random = new Random(seed);
    DraftTree tree = tree(random, nodes);
    Proposed sent = new Proposed(seed, 1 + random.nextInt(9), tree, "drafter", 0.25, 7);
    byte[] bytes = ProposalCodec.encode(sent).toByteArray();

    Proposed received = ProposalCodec.decode(Proposal.parseFrom(bytes), VOCABULARY);

    assertThat(received.epoch()).isEqualTo(sent.epoch());
    assertThat(received.baseLength()).isEqualTo(sent.baseLength());
    assertThat(received.drafter()).isEqualTo("drafter");
    assertThat(received.seconds()).isEqualTo(0.25);
    assertThat(received.teacherTokens()).isEqualTo(7);
    assertThat(received.tree()).hasToString(tree.toString());
    for (int n = 0; n < tree.size(); n++) {
      NodeOrigin was = tree.origin(n);
      NodeOrigin is = received.tree().origin(n);
      assertThat(is.source()).isEqualTo(was.sourceOr("drafter"));
      assertThat(is.hasProbability()).isEqualTo(was.hasProbability());
      if (was.hasProbability()) {
        assertThat(is.probability()).isCloseTo(was.probability(), within(1e-6f));
      }
      for (int i = 0; was.q() != null && i < was.q().size(); i++) {
        assertThat(is.q().token(i)).isEqualTo(was.q().token(i));
        assertThat(is.q().probability(i)).isCloseTo(was.q().probability(i), within(1e-6));
      }
    }
  }

  private static DraftTree tree(Random random, int nodes) {
    DraftTreeBuilder tree = DraftTree.builder(VOCABULARY, nodes);
    while (tree.size() < nodes) {
      int parent = random.nextInt(tree.size() + 1) - 1;
      float probability = random.nextInt(4) == 0 ? Float.NaN : random.nextInt(11) / 10f;
      int token = random.nextInt(VOCABULARY);
      DraftDistribution q = random.nextInt(3) == 0 ? distribution(random, token) : null;
      String source = SOURCES[random.nextInt(SOURCES.length)];
      try {
        tree.add(token, parent, new NodeOrigin(source, probability, q));
      } catch (IllegalArgumentException e) {
        // That child is there already; another draw.
      }
    }
    return tree.build();
  }

  private static DraftDistribution distribution(Random random, int token) {
    float share = 0.1f + 0.8f * random.nextFloat();
    return DraftDistribution.of(
        new int[] {token, (token + 1) % VOCABULARY}, new float[] {share, 1 - share});
  }

  /** A service of the version before sends q in this form. */
  @Test
  void theOlderFormOfQIsUnderstood() {
    DraftNode.Builder node = DraftNode.newBuilder().setToken(3).setParent(-1);
    node.addQ(TokenProbability.newBuilder().setToken(3).setProbability(0.25f));
    node.addQ(TokenProbability.newBuilder().setToken(4).setProbability(0.75f));
    Proposal message = Proposal.newBuilder().setBaseLength(1).addNodes(node).build();

    DraftDistribution q = ProposalCodec.decode(message, VOCABULARY).tree().distribution(0);

    assertThat(q.probabilityOf(3)).isEqualTo(0.25);
    assertThat(q.probabilityOf(4)).isEqualTo(0.75);
  }

  @Test
  void eachRefusalNamesItsField() {
    refused("base_length is 0", p -> p.setBaseLength(0));
    refused("base_length is -4", p -> p.setBaseLength(-4));
    refused("draft_seconds is NaN", p -> p.setDraftSeconds(Double.NaN));
    refused("draft_seconds is -1", p -> p.setDraftSeconds(-1));
    refused("draft_seconds is Infinity", p -> p.setDraftSeconds(Double.POSITIVE_INFINITY));
    refused("teacher_tokens is -1", p -> p.setTeacherTokens(-1));
    refused("drafter has 65 characters", p -> p.setDrafter("x".repeat(65)));
    refused("drafter may have", p -> p.setDrafter("a\nb"));
    refused("sources has 17 names", p -> p.addAllSources(Collections.nCopies(17, "s")));
    refused("sources[1] may have", p -> p.addSources("fine").addSources("not so {fine}"));
    refused("sources[0] has 100 characters", p -> p.addSources("y".repeat(100)));
    refused(
        "nodes has 1025 nodes",
        p -> {
          for (int n = 0; n < 1024; n++) {
            p.addNodes(DraftNode.newBuilder().setToken(1).setParent(n));
          }
        });
  }

  @Test
  void eachRefusalOfANodeNamesItsFieldAndItsPlace() {
    refusedNode("nodes[1].parent is 1", n -> n.setParent(1));
    refusedNode("nodes[1].parent is -2", n -> n.setParent(-2));
    refusedNode("nodes[1].parent is 2147483647", n -> n.setParent(Integer.MAX_VALUE));
    refusedNode("nodes[1].token is token 50, outside", n -> n.setToken(VOCABULARY));
    refusedNode("nodes[1].token is token -1, outside", n -> n.setToken(-1));
    refusedNode("nodes[1].token: draft nodes 0 and 1 are both", n -> n.setParent(-1).setToken(1));
    refusedNode("nodes[1].source is 0, but there are 0", n -> n.setSource(0));
    refusedNode("nodes[1].source is -1", n -> n.setSource(-1));
    refusedNode("nodes[1].log_probability is 0.5", n -> n.setLogProbability(0.5f));
    refusedNode("nodes[1].log_probability is NaN", n -> n.setLogProbability(Float.NaN));
    refusedNode("nodes[1].q_probabilities has 0 values for 1", n -> n.addQTokens(2));
    refusedNode("nodes[1].q_probabilities has 1 values for 0", n -> n.addQProbabilities(1));
    refusedNode("nodes[1].q: q adds up to 0.5", n -> n.addQTokens(2).addQProbabilities(0.5f));
    refusedNode(
        "nodes[1].q: q gives token 2 the probability NaN",
        n -> n.addQTokens(2).addQProbabilities(Float.NaN));
    refusedNode(
        "nodes[1].q: q gives token 3 the probability -0.5",
        n -> n.addQTokens(2).addQTokens(3).addQProbabilities(1.5f).addQProbabilities(-0.5f));
    refusedNode(
        "nodes[1].q: q names token 2 twice",
        n -> n.addQTokens(2).addQTokens(2).addQProbabilities(0.5f).addQProbabilities(0.5f));
    refusedNode("nodes[1].q: draft node 1 is token 2", n -> n.addQTokens(3).addQProbabilities(1));
    refusedNode(
        "nodes[1].q: q of draft node 1 names token 99",
        n -> n.addQTokens(2).addQTokens(99).addQProbabilities(0.5f).addQProbabilities(0.5f));
    refusedNode(
        "nodes[1].q is there twice",
        n ->
            n.addQTokens(2)
                .addQProbabilities(1)
                .addQ(TokenProbability.newBuilder().setToken(2).setProbability(1)));
  }

  /** Whatever bytes come, the outcome is a draft or a refusal. */
  @Property(tries = 1000)
  void noMessageBreaksTheCodec(@ForAll long seed) {
    Random random = new Random(seed);
    Proposal.Builder message = Proposal.newBuilder().setBaseLength(random.nextInt(3));
    for (int n = random.nextInt(6); n > 0; n--) {
      DraftNode.Builder node = message.addNodesBuilder();
      node.setToken(random.nextInt(60) - 5).setParent(random.nextInt(5) - 2);
      if (random.nextBoolean()) {
        node.setLogProbability(Float.intBitsToFloat(random.nextInt()));
      }
      for (int i = random.nextInt(3); i > 0; i--) {
        node.addQTokens(random.nextInt()).addQProbabilities(Float.intBitsToFloat(random.nextInt()));
      }
    }
    try {
      assertThat(ProposalCodec.decode(message.build(), VOCABULARY).tree().size())
          .isEqualTo(message.getNodesCount());
    } catch (MalformedMessageException e) {
      assertThat(e.getMessage()).matches("(nodes\\[\\d+]\\.\\w+|base_length)[: ].*");
    }
  }

  private static void refused(String said, Consumer<Proposal.Builder> change) {
    Proposal.Builder message =
        Proposal.newBuilder()
            .setBaseLength(1)
            .setDrafter("drafter")
            .addNodes(DraftNode.newBuilder().setToken(1).setParent(-1));
    change.accept(message);
    assertThatExceptionOfType(MalformedMessageException.class)
        .isThrownBy(() -> ProposalCodec.decode(message.build(), VOCABULARY))
        .withMessageContaining(said);
  }

  private static void refusedNode(String said, Consumer<DraftNode.Builder> change) {
    refused(
        said,
        p -> {
          DraftNode.Builder node = DraftNode.newBuilder().setToken(2).setParent(0);
          change.accept(node);
          p.addNodes(node);
        });
  }
}
