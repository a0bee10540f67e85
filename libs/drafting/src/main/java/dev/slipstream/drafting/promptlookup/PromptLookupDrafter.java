package dev.slipstream.drafting.promptlookup;

import dev.slipstream.drafting.DraftBudget;
import dev.slipstream.drafting.DraftContext;
import dev.slipstream.drafting.DraftSession;
import dev.slipstream.drafting.Drafter;
import dev.slipstream.drafting.Progress;
import dev.slipstream.drafting.promptlookup.ContinuationTree.Continuation;
import dev.slipstream.engine.speculation.DraftTree;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/**
 * Prompt lookup decoding (A. Saxena, 2023; the n-gram drafter of "LLMA", arXiv 2304.04487): if the
 * last tokens of the text occurred before, in the prompt or in the answer, what followed them then
 * is likely to follow now. Good at summaries, edits, quotations and code; costs no model.
 *
 * <p>The whole text is searched. Longer matches weigh more than shorter ones and later ones more
 * than earlier ones, and differing continuations become branches of one tree. A continuation that
 * runs into the end of the text goes on with itself, so a repeating pattern is prolonged.
 *
 * <p>Lossless: token for token, as all proposals are deterministic.
 */
public final class PromptLookupDrafter implements Drafter {
  public static final String NAME = "prompt-lookup";

  /** Of the heap, for each token of a text that a session follows; about. */
  public static final int BYTES_PER_TOKEN = 90;

  /** How much a match that is longer by one token outweighs another. */
  private static final double LENGTH_WEIGHT = 2;

  /** How much an occurrence outweighs the one before it with a match of the same length. */
  private static final double RECENCY_WEIGHT = 1.2;

  private final PromptLookupConfig config;

  public PromptLookupDrafter(PromptLookupConfig config) {
    this.config = config;
  }

  @Override
  public String name() {
    return NAME;
  }

  @Override
  public String description() {
    return "Continues as the text did where its last %d to %d tokens occurred before"
        .formatted(config.minNgram(), config.maxNgram());
  }

  @Override
  public DraftSession open(DraftContext context) {
    return new Session(config);
  }

  private record Match(int end, int length) {}

  private static final class Session implements DraftSession {
    /** Occurrences that are compared for each one that is kept. */
    private static final int SEARCH_FACTOR = 4;

    private final PromptLookupConfig config;
    private final TextIndex text;
    private final int[] ends;
    private final ProposalTrail trail = new ProposalTrail();

    Session(PromptLookupConfig config) {
      this.config = config;
      this.text = new TextIndex(config.minNgram(), config.maxNgram());
      this.ends = new int[config.candidates() * SEARCH_FACTOR];
    }

    @Override
    public void observe(Progress progress) {
      for (int token : progress.tokens()) {
        text.append(token);
      }
      trail.follow(progress.tokens());
    }

    @Override
    public Optional<DraftTree> propose(DraftBudget budget) {
      if (!trail.isNextDue()) {
        return Optional.empty();
      }
      List<Match> matches = matches();
      DraftTree tree =
          matches.isEmpty()
              ? DraftTree.empty()
              : new ContinuationTree(continuations(matches)).build(budget.nodes());
      if (!trail.isOver() && !trail.isNews(tree)) {
        return Optional.empty();
      }
      trail.proposed(tree);
      return Optional.of(tree);
    }

    private List<Match> matches() {
      int found = text.occurrences(ends, ends.length);
      List<Match> matches = new ArrayList<>(found);
      for (int i = 0; i < found; i++) {
        matches.add(new Match(ends[i], text.matchLength(ends[i], config.maxNgram())));
      }
      matches.sort(Comparator.comparingInt(Match::length).thenComparingInt(Match::end).reversed());
      return matches.subList(0, Math.min(matches.size(), config.candidates()));
    }

    private List<Continuation> continuations(List<Match> matches) {
      List<Continuation> all = new ArrayList<>(matches.size());
      double weight = 1;
      for (int i = 0; i < matches.size(); i++) {
        Match match = matches.get(i);
        if (i > 0) {
          int shorter = matches.get(i - 1).length - match.length;
          weight /= shorter > 0 ? Math.pow(LENGTH_WEIGHT, shorter) : RECENCY_WEIGHT;
        }
        all.add(new Continuation(following(match.end), match.length, weight));
      }
      return all;
    }

    private int[] following(int end) {
      int[] tokens = new int[config.maxDepth()];
      for (int i = 0; i < tokens.length; i++) {
        int position = end + 1 + i;
        tokens[i] =
            position < text.length() ? text.token(position) : tokens[position - text.length()];
      }
      return tokens;
    }

    @Override
    public void close() {
      // The text and its index go with the session.
    }
  }
}
