package dev.slipstream.wire;

import static dev.slipstream.wire.MalformedMessageException.check;

import dev.slipstream.engine.speculation.DraftDistribution;
import dev.slipstream.engine.speculation.DraftTree;
import dev.slipstream.engine.speculation.DraftTreeBuilder;
import dev.slipstream.engine.speculation.NodeOrigin;
import dev.slipstream.engine.speculation.Proposed;
import dev.slipstream.proto.v1.DraftNode;
import dev.slipstream.proto.v1.Proposal;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Drafts and their trees. */
public final class ProposalCodec {
  /** Nodes of one proposal; a target verifies far fewer at a time. */
  public static final int MAX_NODES = 1024;

  /** Names that a proposal may give besides its drafter's. */
  static final int MAX_SOURCES = 16;

  static final int MAX_NAME_LENGTH = 64;

  private static final Pattern NAME = Pattern.compile("[A-Za-z0-9._-]*");

  private ProposalCodec() {}

  public static Proposal encode(Proposed draft) {
    Proposal.Builder message =
        Proposal.newBuilder()
            .setEpoch(draft.epoch())
            .setBaseLength(draft.baseLength())
            .setDrafter(draft.drafter())
            .setDraftSeconds(draft.seconds())
            .setTeacherTokens(draft.teacherTokens());
    List<String> sources = new ArrayList<>();
    for (int n = 0; n < draft.tree().size(); n++) {
      NodeOrigin origin = draft.tree().origin(n);
      DraftNode.Builder node =
          message
              .addNodesBuilder()
              .setToken(draft.tree().token(n))
              .setParent(draft.tree().parent(n));
      if (!origin.source().isEmpty() && !origin.source().equals(draft.drafter())) {
        node.setSource(index(origin.source(), sources));
      }
      if (origin.hasProbability()) {
        node.setLogProbability((float) Math.log(origin.probability()));
      }
      write(origin.q(), node);
    }
    return message.addAllSources(sources).build();
  }

  private static int index(String source, List<String> sources) {
    int known = sources.indexOf(source);
    if (known >= 0) {
      return known;
    }
    sources.add(source);
    return sources.size() - 1;
  }

  private static void write(@Nullable DraftDistribution q, DraftNode.Builder node) {
    for (int i = 0; q != null && i < q.size(); i++) {
      node.addQTokens(q.token(i));
      node.addQProbabilities((float) q.probability(i));
    }
  }

  /**
   * Every node of the result has a source.
   *
   * @throws MalformedMessageException naming the field that is wrong
   */
  public static Proposed decode(Proposal message, int vocabularySize) {
    int base = message.getBaseLength();
    double seconds = message.getDraftSeconds();
    int teacherTokens = message.getTeacherTokens();
    check(base >= 1, "base_length", "is %d, but must be at least 1", base);
    check(
        seconds >= 0 && seconds < Double.POSITIVE_INFINITY,
        "draft_seconds",
        "is %s, but must be a number from 0",
        seconds);
    check(teacherTokens >= 0, "teacher_tokens", "is %d, but must not be negative", teacherTokens);
    checkName("drafter", message.getDrafter());
    int sources = message.getSourcesCount();
    check(sources <= MAX_SOURCES, "sources", "has %d names; %d is the most", sources, MAX_SOURCES);
    for (int i = 0; i < sources; i++) {
      checkName("sources[%d]".formatted(i), message.getSources(i));
    }
    DraftTree tree = tree(message, vocabularySize);
    return new Proposed(
        message.getEpoch(), base, tree, message.getDrafter(), seconds, teacherTokens);
  }

  private static DraftTree tree(Proposal message, int vocabularySize) {
    int nodes = message.getNodesCount();
    check(nodes <= MAX_NODES, "nodes", "has %d nodes; %d is the most", nodes, MAX_NODES);
    DraftTreeBuilder tree = DraftTree.builder(vocabularySize, nodes);
    NodeOrigin plain = new NodeOrigin(message.getDrafter(), Float.NaN, null);
    for (int n = 0; n < nodes; n++) {
      DraftNode node = message.getNodes(n);
      String in = "nodes[" + n + "].";
      check(
          node.getParent() >= DraftTree.ROOT && node.getParent() < n,
          in + "parent",
          "is %d, but must be -1 or an earlier node",
          node.getParent());
      TokenCodec.checkToken(in + "token", node.getToken(), vocabularySize);
      NodeOrigin origin = origin(in, node, message, plain);
      try {
        tree.add(node.getToken(), node.getParent(), origin);
      } catch (IllegalArgumentException e) {
        throw new MalformedMessageException(in + (origin.q() == null ? "token" : "q"), e);
      }
    }
    return tree.build();
  }

  private static NodeOrigin origin(String in, DraftNode node, Proposal message, NodeOrigin plain) {
    DraftDistribution q = distribution(in, node);
    if (q == null && !node.hasSource() && !node.hasLogProbability()) {
      return plain;
    }
    String source = plain.source();
    if (node.hasSource()) {
      check(
          node.getSource() >= 0 && node.getSource() < message.getSourcesCount(),
          in + "source",
          "is %d, but there are %d sources",
          node.getSource(),
          message.getSourcesCount());
      source = message.getSources(node.getSource());
    }
    float probability = Float.NaN;
    if (node.hasLogProbability()) {
      float log = node.getLogProbability();
      check(log <= 0, in + "log_probability", "is %s, but must be at most 0", log);
      probability = (float) Math.exp(log);
    }
    return new NodeOrigin(source, probability, q);
  }

  /** Null for a deterministic node. */
  private static @Nullable DraftDistribution distribution(String in, DraftNode node) {
    int packed = node.getQTokensCount();
    check(
        node.getQProbabilitiesCount() == packed,
        in + "q_probabilities",
        "has %d values for %d tokens",
        node.getQProbabilitiesCount(),
        packed);
    check(packed == 0 || node.getQCount() == 0, in + "q", "is there twice, as q_tokens too");
    int size = packed + node.getQCount();
    if (size == 0) {
      return null;
    }
    int[] tokens = new int[size];
    float[] probabilities = new float[size];
    for (int i = 0; i < size; i++) {
      tokens[i] = packed > 0 ? node.getQTokens(i) : node.getQ(i).getToken();
      probabilities[i] = packed > 0 ? node.getQProbabilities(i) : node.getQ(i).getProbability();
    }
    try {
      return DraftDistribution.of(tokens, probabilities);
    } catch (IllegalArgumentException e) {
      throw new MalformedMessageException(in + "q", e);
    }
  }

  /** Names become labels of metrics. */
  private static void checkName(String field, String name) {
    check(
        name.length() <= MAX_NAME_LENGTH,
        field,
        "has %d characters; %d is the most",
        name.length(),
        MAX_NAME_LENGTH);
    check(NAME.matcher(name).matches(), field, "may have letters, digits, '.', '_' and '-' only");
  }
}
