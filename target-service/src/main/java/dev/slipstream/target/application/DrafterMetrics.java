package dev.slipstream.target.application;

import dev.slipstream.engine.speculation.DraftTree;
import dev.slipstream.engine.speculation.Proposed;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tags;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;

/**
 * What became of drafts, by the drafter that proposed them and by the source of each token, which
 * differ where one drafter merges what several techniques find. For the decode loop's thread.
 */
final class DrafterMetrics {
  private static final int POSITIONS = 16;

  /** Names come from outside, and each makes new series; those beyond are one. */
  private static final int MOST_NAMES = 16;

  private static final String OTHER = "other";

  private final MeterRegistry registry;
  private final Tags tags;
  private final Map<String, OfDrafter> drafters = new HashMap<>();
  private double[] reached = new double[64];

  DrafterMetrics(MeterRegistry registry, Tags tags) {
    this.registry = registry;
    this.tags = tags;
  }

  /** A proposal has come. */
  void proposed(Proposed proposal) {
    of(proposal.drafter()).seconds.increment(proposal.seconds());
  }

  /**
   * A pass has verified a draft.
   *
   * @param acceptedNodes of which the first {@code kept} became part of the answer
   */
  void verified(String drafter, DraftTree tree, int[] acceptedNodes, int kept) {
    OfDrafter own = of(drafter);
    own.drafts.increment();
    for (int i = 0; i < Math.min(kept, POSITIONS); i++) {
      own.acceptedAt[i].increment();
    }
    if (reached.length < tree.size()) {
      reached = Arrays.copyOf(reached, tree.size());
    }
    for (int n = 0; n < tree.size(); n++) {
      OfSource source = own.of(tree.origin(n).sourceOr(drafter));
      source.drafted.increment();
      int parent = tree.parent(n);
      reached[n] = tree.origin(n).probability() * (parent == DraftTree.ROOT ? 1 : reached[parent]);
      if (!Double.isNaN(reached[n])) {
        source.expected.increment(reached[n]);
      }
    }
    for (int i = 0; i < kept; i++) {
      own.of(tree.origin(acceptedNodes[i]).sourceOr(drafter)).accepted.increment();
    }
  }

  private OfDrafter of(String drafter) {
    OfDrafter known = drafters.get(drafter);
    return known != null
        ? known
        : drafters.computeIfAbsent(label(drafter, drafters), OfDrafter::new);
  }

  private static String label(String name, Map<String, ?> known) {
    return known.size() < MOST_NAMES ? name : OTHER;
  }

  private final class OfDrafter {
    final Tags own;
    final Counter drafts;
    final Counter seconds;
    final Counter[] acceptedAt = new Counter[POSITIONS];
    final Map<String, OfSource> sources = new HashMap<>();

    OfDrafter(String drafter) {
      own = tags.and("drafter", drafter);
      drafts = counter("num.drafts", "Drafts verified", own);
      seconds =
          Counter.builder("slipstream.spec.decode.draft")
              .baseUnit("seconds")
              .description(
                  "Time that drafters took for what they proposed, wherever they ran; per accepted"
                      + " token = draft_seconds/num_accepted_tokens")
              .tags(own)
              .register(registry);
      for (int i = 0; i < POSITIONS; i++) {
        acceptedAt[i] =
            counter(
                "num.accepted.tokens.per.pos",
                "Drafts accepted at least as far as this position, from 0",
                own.and("position", Integer.toString(i)));
      }
    }

    OfSource of(String source) {
      OfSource known = sources.get(source);
      return known != null
          ? known
          : sources.computeIfAbsent(
              label(source, sources), name -> new OfSource(own.and("source", name)));
    }
  }

  private final class OfSource {
    final Counter drafted;
    final Counter accepted;
    final Counter expected;

    OfSource(Tags own) {
      drafted = counter("num.draft.tokens", "Draft tokens verified", own);
      accepted =
          counter(
              "num.accepted.tokens",
              "Draft tokens accepted; acceptance rate = num_accepted_tokens/num_draft_tokens, mean"
                  + " acceptance length = 1 + num_accepted_tokens/num_drafts",
              own);
      expected =
          counter(
              "num.expected.tokens",
              "Draft tokens that would have been accepted by the drafter's own estimate, if it"
                  + " makes one; num_accepted_tokens/num_expected_tokens = 1 if it knows itself",
              own);
    }
  }

  private Counter counter(String name, String help, Tags labels) {
    return Counter.builder("slipstream.spec.decode." + name)
        .description(help)
        .tags(labels)
        .register(registry);
  }
}
