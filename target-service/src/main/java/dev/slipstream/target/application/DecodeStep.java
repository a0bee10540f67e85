package dev.slipstream.target.application;

import dev.slipstream.engine.runtime.Batch;
import dev.slipstream.engine.sampling.TokenLogprobs;
import dev.slipstream.engine.speculation.BatchLoad;
import dev.slipstream.engine.speculation.DraftTree;
import dev.slipstream.engine.speculation.TeacherProbabilities;
import dev.slipstream.engine.speculation.TreeVerifier;
import dev.slipstream.engine.speculation.Verdict;
import dev.slipstream.engine.speculation.VerificationCost;
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
  private final ServedModel model;
  private final LoopSettings settings;
  private final Scheduler scheduler;
  private final DecodeMetrics metrics;
  private final RetryAdvice retryAdvice;
  private final SequenceFailures failures;
  private final Batch batch;
  private final List<SequenceRows> planned = new ArrayList<>();
  private final List<Sequence> ready = new ArrayList<>();
  private VerificationCost cost;

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
      VerificationCost cost,
      SequenceFailures failures) {
    this.failures = failures;
    this.retryAdvice = retryAdvice;
    this.model = model;
    this.settings = settings;
    this.scheduler = scheduler;
    this.metrics = metrics;
    this.cost = cost;
    this.batch = new Batch(settings.maxBatchRows(), settings.maxLogitRows());
  }

  /** Expected time of a pass over one row. */
  double plainSeconds() {
    return cost.seconds(1);
  }

  /**
   * Plans, computes and settles one pass. What goes wrong with one sequence ends that one; an
   * exception means that the pass as a whole has failed.
   */
  void run() {
    planChains();
    planDrafts();
    if (planned.isEmpty()) {
      return;
    }
    fill();
    long start = System.nanoTime();
    model.pass().forward(batch);
    double seconds = Math.max(1, System.nanoTime() - start) / 1e9;
    cost = cost.observe(batch.rows(), seconds);
    metrics.step(batch.rows(), cost);
    if (batch.rows() == 1 && planned.getFirst().complete) {
      metrics.plainStep(seconds);
    }
    for (SequenceRows part : planned) {
      try {
        settle(part);
      } catch (RuntimeException | Error e) {
        failures.broke(part.sequence, e);
      }
    }
  }

  /** Every decoding sequence gets its row, the others share what is left for prefill. */
  private void planChains() {
    planned.clear();
    // A copy, because making room for one sequence may put off others.
    ready.clear();
    int decoding = 0;
    for (Sequence sequence : scheduler.running()) {
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
      var choice = part.sequence.drafts.choose(room, new BatchLoad(rows - 1, tokens - 1), cost);
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
    Sequence sequence = part.sequence;
    if (!part.complete) {
      sequence.kv.commit(part.chain);
      scheduler.publish(sequence);
      return;
    }
    Verdict verdict =
        TreeVerifier.verify(
            part.tree,
            model.pass().logits(),
            node -> logitsOffset(part.row(node)),
            sequence.sampler,
            sequence.history);
    commitKv(part, verdict);
    commitTokens(part, verdict);
  }

  private static void commitKv(SequenceRows part, Verdict verdict) {
    int[] offsets = new int[part.chain + verdict.accepted()];
    for (int i = 0; i < offsets.length; i++) {
      offsets[i] = i < part.chain ? i : part.chain + verdict.acceptedNodes()[i - part.chain];
    }
    part.sequence.kv.commitPath(offsets, offsets.length);
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
        end.isPresent() ? 0 : sequence.drafts.wanted(new BatchLoad(others(), others()), cost);
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
        model.pass().logits(), logitsOffset(row), model.vocabularySize(), tokens);
  }

  /** Rows that the other sequences are likely to have in the next pass. */
  private int others() {
    return Math.max(0, planned.size() - 1);
  }

  private TokenLogprobs logprobs(int row, int token, int top) {
    return TokenLogprobs.of(
        model.pass().logits(), logitsOffset(row), model.vocabularySize(), token, top);
  }

  private int logitsOffset(int row) {
    return model.pass().logitsOffset(batch.logitRow(row));
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
