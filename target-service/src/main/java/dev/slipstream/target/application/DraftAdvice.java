package dev.slipstream.target.application;

import dev.slipstream.engine.sampling.TokenHistory;
import dev.slipstream.engine.speculation.DraftCost;
import dev.slipstream.engine.speculation.DraftTree;
import dev.slipstream.engine.speculation.PassOutlook;
import dev.slipstream.engine.speculation.Proposed;
import dev.slipstream.engine.speculation.SpeculationGate;
import dev.slipstream.engine.speculation.Verdict;
import dev.slipstream.target.application.Outcome.SpeculationFigures;
import dev.slipstream.technique.Lossless;
import java.util.Optional;

/**
 * The drafts of one sequence: the tree that continues its text now, and whether verifying it pays.
 * A proposal may be late; as long as the tokens that were decided meanwhile lie in its tree, the
 * rest of it is still of use. Proposals that are not verified are scored all the same, which is how
 * the gate finds out that drafts have become worth while.
 */
final class DraftAdvice {
  /** Weight of the latest draft in what drafts cost. */
  private static final double LEARNING_RATE = 0.1;

  private final int maxNodes;
  private final boolean draftsShareCores;
  private final SpeculationState off;
  private final String offReason;
  private final SpeculationGate gate = new SpeculationGate(SpeculationGate.Settings.DEFAULT);
  private final DraftPatience patience = new DraftPatience();
  private DraftTree tree = DraftTree.empty();

  /** Who proposed the tree, and of how many likely tokens it wants to hear; as in Proposed. */
  private String drafter = "";

  private int teacherTokens;

  /** The longest text of which the drafter has said what follows, or that it does not know. */
  private int answeredLength;

  private int wanted;
  private boolean hadRoom = true;
  private long epoch;
  private DraftCost cost = DraftCost.NONE;
  private Optional<SpeculationGate.Decision> last = Optional.empty();
  private Lossless lossless = Lossless.TOKEN;
  private long drafted;
  private long accepted;
  private long rounds;
  private final SourceCounts sources = new SourceCounts();

  private DraftAdvice(
      int maxNodes, boolean draftsShareCores, SpeculationState off, String offReason) {
    this.maxNodes = maxNodes;
    this.draftsShareCores = draftsShareCores;
    this.off = off;
    this.offReason = offReason;
  }

  /**
   * @param serverLimit most nodes in a pass
   * @param draftsShareCores whether drafts are made by the cores that compute passes
   */
  static DraftAdvice of(DecodeTask task, int serverLimit, boolean draftsShareCores) {
    DecodeTask.Speculation wish = task.speculation();
    int maxNodes = Math.min(serverLimit, wish.maxDraftTokens());
    if (wish.isOff()) {
      return new DraftAdvice(0, false, SpeculationState.REQUEST, "switched off by the request");
    }
    if (serverLimit == 0) {
      return new DraftAdvice(
          0, false, SpeculationState.CONFIGURATION, "switched off by the target's configuration");
    }
    return new DraftAdvice(
        maxNodes, draftsShareCores, SpeculationState.NO_DRAFT_SERVICE, wish.noDraftReason());
  }

  /** Newest proposal seen. */
  long epoch() {
    return epoch;
  }

  /** Name of the drafter whose tree is verified. */
  String drafter() {
    return drafter;
  }

  /** Of how many of the likeliest tokens that drafter wants to hear where one is refused. */
  int teacherTokens() {
    return teacherTokens;
  }

  /**
   * Takes a proposal, or returns false if it is of no use. One that the text has left meanwhile
   * takes nothing away: what is left of the one before may still be right.
   */
  boolean propose(Proposed proposal, TokenHistory history) {
    if (maxNodes == 0 || proposal.epoch() <= epoch) {
      return false;
    }
    epoch = proposal.epoch();
    if (draftsShareCores) {
      pay(proposal.seconds());
    }
    int base = proposal.baseLength();
    if (base > history.length()) {
      return false;
    }
    int[] since = new int[history.length() - base];
    for (int i = 0; i < since.length; i++) {
      since[i] = history.token(base + i);
    }
    answeredLength = Math.max(answeredLength, base);
    if (proposal.tree().isEmpty()) {
      return true;
    }
    gate.observe(proposal.tree(), since);
    DraftTree rest = proposal.tree().advance(since);
    if (rest.isEmpty()) {
      return false;
    }
    tree = rest;
    drafter = proposal.drafter();
    teacherTokens = proposal.teacherTokens();
    return true;
  }

  /** A drafter that is asked makes a draft for each pass, whether it comes in time or not. */
  private void pay(double seconds) {
    double known = cost.passSeconds();
    double share = cost == DraftCost.NONE ? 1 : LEARNING_RATE;
    cost = new DraftCost(known + share * (seconds - known));
  }

  /** What drafts take from passes. */
  DraftCost cost() {
    return cost;
  }

  /** Whether a draft for a text of so many tokens is likely to be on its way, and would pay. */
  boolean isAwaited(int length) {
    return gate.isOn() && wanted > 0 && tree.isEmpty() && answeredLength < length;
  }

  /**
   * Whether a pass should wait for it. If so, {@link #waited} must follow.
   *
   * @param length tokens of the text
   */
  boolean isWorthWaitingFor(int length) {
    return isAwaited(length) && patience.isWorthwhile(last.orElseThrow().gain());
  }

  /** Learns from a wait. */
  void waited() {
    patience.waited(!tree.isEmpty());
  }

  /** Most nodes that a pass may verify. */
  int maxNodes() {
    return maxNodes;
  }

  /** What may follow the text; empty if nothing is known. */
  DraftTree tree() {
    return tree;
  }

  /** Tokens that a pass is expected to commit if it verifies the first nodes of the tree. */
  double expectedTokens(int nodes) {
    return gate.expectedTokens(tree, nodes);
  }

  /**
   * How many nodes of the tree, which is not empty, are worth their rows in a pass.
   *
   * @param room rows that are left for drafts
   */
  int worthwhile(int room, PassOutlook outlook) {
    hadRoom = room > 0;
    var decision = gate.decide(tree, Math.min(room, maxNodes), outlook);
    last = Optional.of(decision);
    return decision.nodes();
  }

  /** How many draft tokens the drafter is told to make now; 0 if they are not expected to pay. */
  int wanted(PassOutlook outlook) {
    wanted = gate.wanted(maxNodes, outlook);
    return wanted;
  }

  /**
   * Learns from a pass and moves on along its tokens.
   *
   * @param kept accepted draft tokens that became part of the answer
   */
  void committed(DraftTree verified, Verdict verdict, int kept, boolean greedy) {
    if (!verified.isEmpty()) {
      drafted += verified.size();
      accepted += kept;
      rounds++;
      sources.add(verified, drafter, verdict.acceptedNodes(), kept);
      if (!greedy && !verified.isDeterministic()) {
        lossless = lossless.weaker(Lossless.DISTRIBUTION);
      }
    }
    if (!tree.isEmpty()) {
      gate.observe(tree, verdict.tokens());
      tree = tree.advance(verdict.tokens());
    }
  }

  SpeculationFigures figures() {
    SpeculationState now = state();
    String reason =
        now == off ? offReason : last.map(SpeculationGate.Decision::reason).orElse("no draft came");
    return new SpeculationFigures(
        drafted, accepted, rounds, lossless, now, reason, sources.figures());
  }

  SpeculationState state() {
    if (maxNodes == 0 || (rounds == 0 && epoch == 0 && !offReason.isEmpty())) {
      return off;
    }
    if (gate.isOn()) {
      return SpeculationState.GAIN;
    }
    if (last.isEmpty()) {
      return SpeculationState.NO_DRAFT;
    }
    return hadRoom ? SpeculationState.NO_GAIN : SpeculationState.NO_ROOM;
  }

  boolean isOn() {
    return maxNodes > 0 && gate.isOn();
  }
}
