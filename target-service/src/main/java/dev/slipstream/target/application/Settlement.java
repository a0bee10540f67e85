package dev.slipstream.target.application;

import dev.slipstream.engine.sampling.TokenLogprobs;
import dev.slipstream.engine.speculation.BatchLoad;
import dev.slipstream.engine.speculation.DraftTree;
import dev.slipstream.engine.speculation.TeacherProbabilities;
import dev.slipstream.engine.speculation.Verdict;
import dev.slipstream.engine.speculation.VerifiedDraft;
import dev.slipstream.target.application.Outcome.Reason;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Makes what a pass has decided a part of answers for good: the text, the caches, the figures, and
 * what clients are told.
 */
final class Settlement {
  private final ServedModel model;
  private final int contextLength;
  private final Scheduler scheduler;
  private final PassCosts costs;
  private final DecodeMetrics metrics;
  private final RetryAdvice retryAdvice;
  private int sequences;
  private long kvTokens;

  Settlement(
      ServedModel model,
      int contextLength,
      Scheduler scheduler,
      PassCosts costs,
      DecodeMetrics metrics,
      RetryAdvice retryAdvice) {
    this.model = model;
    this.contextLength = contextLength;
    this.scheduler = scheduler;
    this.costs = costs;
    this.metrics = metrics;
    this.retryAdvice = retryAdvice;
  }

  /**
   * A pass is settled from now on.
   *
   * @param works of the pass
   */
  void begin(List<Work> works) {
    sequences = works.size();
    kvTokens = 0;
    for (Work work : works) {
      kvTokens += work.sequence().kv().length();
    }
  }

  void publish(Sequence sequence) {
    scheduler.publish(sequence);
  }

  /**
   * Goes on with an answer.
   *
   * @param root the row of the text's last token; those of the tree's nodes follow it
   * @param tree what was verified; may be empty
   */
  void commit(Decoding sequence, int root, DraftTree tree, Verdict verdict, ComputedPass pass) {
    int base = sequence.history.length();
    List<Integer> tokens = new ArrayList<>(verdict.tokens().length);
    List<TokenLogprobs> logprobs =
        sequence.task.wantsLogprobs() ? new ArrayList<>(verdict.tokens().length) : List.of();
    Optional<Reason> end = Optional.empty();
    for (int i = 0; i < verdict.tokens().length && end.isEmpty(); i++) {
      int token = verdict.tokens()[i];
      tokens.add(token);
      if (sequence.task.wantsLogprobs()) {
        int row = row(root, verdict.chosenAt(i));
        logprobs.add(pass.logprobs(row, token, sequence.task.topLogprobs()));
      }
      sequence.history.append(token);
      end = EndRule.after(sequence, model, contextLength);
    }
    scheduler.publish(sequence);
    int accepted = Math.min(verdict.accepted(), tokens.size());
    sequence.tokensNow();
    metrics.committed(tokens.size());
    Optional<VerifiedDraft> verified =
        tree.isEmpty()
            ? Optional.empty()
            : Optional.of(verified(sequence, root, tree, verdict, base, accepted, pass));
    sequence.drafts.committed(tree, verdict, accepted, sequence.task.sampling().isGreedy());
    int wanted =
        end.isPresent()
            ? 0
            : sequence.drafts.wanted(sequence.outlook(costs.cost(), others(sequence)));
    sequence.listener.committed(
        new CommittedTokens(base, tokens, logprobs, verified, sequence.drafts.epoch(), wanted));
    end.ifPresent(reason -> finish(sequence, reason));
  }

  /** What the others are likely to have in the next pass: a row each. */
  private BatchLoad others(Sequence sequence) {
    int rows = sequences - 1;
    return new BatchLoad(rows, rows, Math.max(0, kvTokens - sequence.kv().length()));
  }

  private static int row(int root, int node) {
    return root + 1 + node;
  }

  private VerifiedDraft verified(
      Decoding sequence,
      int root,
      DraftTree tree,
      Verdict verdict,
      int base,
      int accepted,
      ComputedPass pass) {
    DraftAdvice drafts = sequence.drafts;
    metrics.drafters().verified(drafts.drafter(), tree, verdict.acceptedNodes(), accepted);
    int last = verdict.chosenAt(verdict.accepted());
    boolean refused = accepted == verdict.accepted() && tree.firstChild(last) != DraftTree.NONE;
    Optional<TeacherProbabilities> refusal =
        refused && drafts.teacherTokens() > 0
            ? Optional.of(pass.teacher(row(root, last), drafts.teacherTokens()))
            : Optional.empty();
    return new VerifiedDraft(base, tree.size(), accepted, refusal);
  }

  private void finish(Decoding sequence, Reason reason) {
    scheduler.remove(sequence);
    Outcome outcome = sequence.outcome(reason);
    metrics.finished(outcome, sequence.drafts.state());
    retryAdvice.finished(outcome.timings().prefill() + outcome.timings().decode());
    sequence.listener.finished(outcome);
  }

  /** All tokens of a score are there. */
  void finish(Scoring sequence) {
    scheduler.remove(sequence);
    metrics.scored(sequence.scoredTokens());
    retryAdvice.finished((System.nanoTime() - sequence.admitted) / 1e6);
    sequence.finished();
  }
}
