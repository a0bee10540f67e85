package dev.slipstream.target.application;

import dev.slipstream.engine.model.PassResult;
import dev.slipstream.engine.runtime.Batch;
import dev.slipstream.engine.sampling.TokenLogprobs;
import dev.slipstream.engine.speculation.BatchLoad;
import dev.slipstream.engine.speculation.DraftTree;
import dev.slipstream.engine.speculation.TeacherProbabilities;
import dev.slipstream.engine.speculation.TreeVerifier;
import dev.slipstream.engine.speculation.Verdict;
import dev.slipstream.engine.speculation.VerifiedDraft;
import dev.slipstream.target.application.Outcome.Reason;
import dev.slipstream.target.application.Sequence.State;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * One pass of the model for everybody: a row for each decoding sequence and for each draft token
 * that is worth verifying, and prompt rows for those that prefill. Belongs to the decode loop's
 * thread. What runs for every token allocates little and has no streams: garbage made here stops
 * all answers at once.
 */
final class DecodeStep {
  /** Tokens whose keys and values are little beside the weights of any model. */
  private static final int SHORT_TEXT = 512;

  private static final int[] NO_NODES = {};

  private final ServedModel model;
  private final LoopSettings settings;
  private final Scheduler scheduler;
  private final DecodeMetrics metrics;
  private final RetryAdvice retryAdvice;
  private final SequenceFailures failures;
  private final Batch batch;
  private final List<SequenceRows> planned = new ArrayList<>();
  private final List<Sequence> ready = new ArrayList<>();
  private final PassCosts costs;

  /** Of the pass that is settled. */
  private PassResult result;

  /** The rows of one sequence: first a chain of its text's tokens, then draft nodes. */
  private static final class SequenceRows {
    final Sequence sequence;
    final int chain;

    /** Whether the pass computes the whole text, so that a token follows. */
    final boolean complete;

    DraftTree tree = DraftTree.empty();
    int firstRow;

    SequenceRows(Sequence sequence, int chain) {
      this.sequence = sequence;
      this.chain = chain;
      this.complete = chain == sequence.pendingTokens();
    }

    int row(int node) {
      return firstRow + chain + node;
    }
  }

  DecodeStep(
      ServedModel model,
      LoopSettings settings,
      Scheduler scheduler,
      DecodeMetrics metrics,
      RetryAdvice retryAdvice,
      PassCosts costs,
      SequenceFailures failures) {
    this.failures = failures;
    this.retryAdvice = retryAdvice;
    this.model = model;
    this.settings = settings;
    this.scheduler = scheduler;
    this.metrics = metrics;
    this.costs = costs;
    this.batch = new Batch(settings.maxBatchRows(), settings.maxLogitRows());
  }

  /** Expected time of a pass over one row. */
  double plainSeconds() {
    return costs.cost().seconds(1);
  }

  /**
   * Plans, computes and settles one pass. What goes wrong with one sequence ends that one; an
   * exception means that the pass as a whole has failed.
   */
  void run() {
    run(scheduler.running());
  }

  /** The same for some of the running sequences only. */
  void run(List<Sequence> sequences) {
    planChains(sequences);
    planDrafts();
    if (planned.isEmpty()) {
      return;
    }
    fill();
    long start = System.nanoTime();
    result = model.pass().forward(batch);
    double seconds = Math.max(1, System.nanoTime() - start) / 1e9;
    costs.observe(batch.rows(), seconds, isComparable());
    metrics.step(batch.rows(), costs.cost());
    for (SequenceRows part : planned) {
      try {
        settle(part);
      } catch (RuntimeException | Error e) {
        failures.broke(part.sequence, e);
      }
    }
  }

  /** Whether the pass is one that T(k) is about; see {@link PassCosts#observe}. */
  private boolean isComparable() {
    for (SequenceRows part : planned) {
      if (part.chain > 1 || !part.complete || part.sequence.kv.length() > SHORT_TEXT) {
        return false;
      }
    }
    return true;
  }

  /** Every decoding sequence gets its row, the others share what is left for prefill. */
  private void planChains(List<Sequence> sequences) {
    planned.clear();
    // A copy, because making room for one sequence may put off others.
    ready.clear();
    int decoding = 0;
    for (Sequence sequence : sequences) {
      if (sequence.state == State.RUNNING) {
        ready.add(sequence);
        decoding += sequence.isDecoding() ? 1 : 0;
      }
    }
    int prefill = settings.maxBatchRows() - decoding;
    if (decoding > 0) {
      prefill = Math.min(prefill, settings.prefillChunk());
    }
    for (Sequence sequence : ready) {
      if (sequence.state != State.RUNNING) {
        continue;
      }
      boolean decodes = sequence.isDecoding();
      int chain = decodes ? 1 : Math.min(sequence.pendingTokens(), prefill);
      if (chain > 0 && scheduler.reserve(sequence, chain)) {
        planned.add(new SequenceRows(sequence, chain));
        prefill -= decodes ? 0 : chain;
      }
    }
  }

  private void planDrafts() {
    int rows = 0;
    for (SequenceRows part : planned) {
      rows += part.chain;
    }
    int room = Math.min(settings.maxBatchRows() - rows, settings.maxLogitRows() - planned.size());
    double tokens = rows;
    for (SequenceRows part : planned) {
      if (part.chain > 1 || !part.complete) {
        continue;
      }
      var load = new BatchLoad(rows - 1, tokens - 1);
      var choice = part.sequence.drafts.choose(room, load, costs.cost());
      int nodes = choice.tree().size();
      if (nodes > 0 && part.sequence.kv.reserve(part.chain + nodes)) {
        part.tree = choice.tree();
        rows += nodes;
        room -= nodes;
        tokens += choice.expectedTokens() - 1;
      }
    }
  }

  private void fill() {
    batch.clear();
    for (SequenceRows part : planned) {
      Sequence sequence = part.sequence;
      int start = sequence.kv.length();
      part.firstRow = batch.rows();
      int row = Batch.COMMITTED;
      for (int i = 0; i < part.chain; i++) {
        int token = sequence.history.token(start + i);
        row = batch.add(sequence.kv, token, row, part.complete && i == part.chain - 1);
      }
      for (int node = 0; node < part.tree.size(); node++) {
        // A node's parent ROOT is -1, and the row before the first node is the root's.
        batch.add(sequence.kv, part.tree.token(node), part.row(part.tree.parent(node)), true);
      }
    }
  }

  private void settle(SequenceRows part) {
    Optional<Verdict> verdict;
    int[] path;
    try {
      verdict = part.complete ? Optional.of(verify(part)) : Optional.empty();
      path = path(part, verdict);
    } catch (RuntimeException e) {
      // Nothing is committed yet, and the client has heard of nothing.
      if (!scheduler.recompute(part.sequence, e)) {
        throw e;
      }
      return;
    }
    part.sequence.kv.commitPath(path, path.length);
    if (verdict.isPresent()) {
      commitTokens(part, verdict.get());
    } else {
      scheduler.publish(part.sequence);
    }
  }

  private Verdict verify(SequenceRows part) {
    return TreeVerifier.verify(
        part.tree,
        result.logits(),
        node -> logitsOffset(part.row(node)),
        part.sequence.sampler,
        part.sequence.history);
  }

  /**
   * The rows that become part of the text, as offsets from the part's first one.
   *
   * @throws IllegalStateException if one of them is not finite: its KV must not be used, and much
   *     less be given to others
   */
  private int[] path(SequenceRows part, Optional<Verdict> verdict) {
    int[] accepted = verdict.map(Verdict::acceptedNodes).orElse(NO_NODES);
    int[] path = new int[part.chain + accepted.length];
    for (int i = 0; i < path.length; i++) {
      path[i] = i < part.chain ? i : part.chain + accepted[i - part.chain];
      if (!result.isFinite(part.firstRow + path[i])) {
        throw new IllegalStateException(
            "what the model computed for token %d of the text is not finite"
                .formatted(part.sequence.kv.length() + i));
      }
    }
    return path;
  }

  private void commitTokens(SequenceRows part, Verdict verdict) {
    Sequence sequence = part.sequence;
    int base = sequence.history.length();
    List<Integer> tokens = new ArrayList<>(verdict.tokens().length);
    List<TokenLogprobs> logprobs =
        sequence.task.wantsLogprobs() ? new ArrayList<>(verdict.tokens().length) : List.of();
    Optional<Reason> end = Optional.empty();
    for (int i = 0; i < verdict.tokens().length && end.isEmpty(); i++) {
      int token = verdict.tokens()[i];
      tokens.add(token);
      if (sequence.task.wantsLogprobs()) {
        logprobs.add(logprobs(part.row(verdict.chosenAt(i)), token, sequence.task.topLogprobs()));
      }
      sequence.history.append(token);
      end = EndRule.after(sequence, model, settings.contextLength());
    }
    scheduler.publish(sequence);
    int accepted = Math.min(verdict.accepted(), tokens.size());
    sequence.tokensNow();
    metrics.committed(tokens.size());
    Optional<VerifiedDraft> verified = verified(part, verdict, base, accepted);
    sequence.drafts.committed(part.tree, verdict, accepted, sequence.task.sampling().isGreedy());
    int wanted =
        end.isPresent()
            ? 0
            : sequence.drafts.wanted(new BatchLoad(others(), others()), costs.cost());
    sequence.listener.committed(
        new CommittedTokens(base, tokens, logprobs, verified, sequence.drafts.epoch(), wanted));
    end.ifPresent(reason -> finish(sequence, reason));
  }

  private Optional<VerifiedDraft> verified(
      SequenceRows part, Verdict verdict, int base, int accepted) {
    if (part.tree.isEmpty()) {
      return Optional.empty();
    }
    DraftAdvice drafts = part.sequence.drafts;
    metrics.drafters().verified(drafts.drafter(), part.tree, verdict.acceptedNodes(), accepted);
    int last = verdict.chosenAt(verdict.accepted());
    boolean refused =
        accepted == verdict.accepted() && part.tree.firstChild(last) != DraftTree.NONE;
    Optional<TeacherProbabilities> refusal =
        refused && drafts.teacherTokens() > 0
            ? Optional.of(teacher(part.row(last), drafts.teacherTokens()))
            : Optional.empty();
    return Optional.of(new VerifiedDraft(base, part.tree.size(), accepted, refusal));
  }

  private TeacherProbabilities teacher(int row, int tokens) {
    return TeacherProbabilities.of(
        result.logits(), logitsOffset(row), model.vocabularySize(), tokens);
  }

  /** Rows that the other sequences are likely to have in the next pass. */
  private int others() {
    return Math.max(0, planned.size() - 1);
  }

  private TokenLogprobs logprobs(int row, int token, int top) {
    return TokenLogprobs.of(result.logits(), logitsOffset(row), model.vocabularySize(), token, top);
  }

  private int logitsOffset(int row) {
    return result.logitsOffset(batch.logitRow(row));
  }

  private void finish(Sequence sequence, Reason reason) {
    scheduler.remove(sequence);
    Outcome outcome =
        new Outcome(reason, sequence.usage(), sequence.drafts.figures(), sequence.timings());
    metrics.finished(outcome, sequence.drafts.state());
    retryAdvice.finished(outcome.timings());
    sequence.listener.finished(outcome);
  }
}
