package dev.slipstream.target.application;

import dev.slipstream.engine.runtime.Batch;
import dev.slipstream.engine.sampling.TokenLogprobs;
import dev.slipstream.engine.speculation.BatchLoad;
import dev.slipstream.engine.speculation.DraftTree;
import dev.slipstream.engine.speculation.TreeVerifier;
import dev.slipstream.engine.speculation.Verdict;
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

  private final ServedModel model;
  private final LoopSettings settings;
  private final Scheduler scheduler;
  private final DecodeMetrics metrics;
  private final RetryAdvice retryAdvice;
  private final SequenceFailures failures;
  private final Batch batch;
  private final List<Slice> slices = new ArrayList<>();
  private final List<Sequence> ready = new ArrayList<>();
  private final PassCosts costs;

  /** The rows of one sequence: first a chain of its text's tokens, then draft nodes. */
  private static final class Slice {
    final Sequence sequence;
    final int chain;

    /** Whether the pass computes the whole text, so that a token follows. */
    final boolean complete;

    DraftTree tree = DraftTree.empty();
    int firstRow;

    Slice(Sequence sequence, int chain) {
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
    planChains();
    planDrafts();
    if (slices.isEmpty()) {
      return;
    }
    fill();
    long start = System.nanoTime();
    model.pass().forward(batch);
    double seconds = Math.max(1, System.nanoTime() - start) / 1e9;
    costs.observe(batch.rows(), seconds, isComparable());
    metrics.step(batch.rows(), costs.cost());
    for (Slice slice : slices) {
      try {
        settle(slice);
      } catch (RuntimeException | Error e) {
        failures.broke(slice.sequence, e);
      }
    }
  }

  /** Whether the pass is one that T(k) is about; see {@link PassCosts#observe}. */
  private boolean isComparable() {
    for (Slice slice : slices) {
      if (slice.chain > 1 || !slice.complete || slice.sequence.kv.length() > SHORT_TEXT) {
        return false;
      }
    }
    return true;
  }

  /** Every decoding sequence gets its row, the others share what is left for prefill. */
  private void planChains() {
    slices.clear();
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
        slices.add(new Slice(sequence, chain));
        prefill -= decodes ? 0 : chain;
      }
    }
  }

  private void planDrafts() {
    int rows = 0;
    for (Slice slice : slices) {
      rows += slice.chain;
    }
    int room = Math.min(settings.maxBatchRows() - rows, settings.maxLogitRows() - slices.size());
    double tokens = rows;
    for (Slice slice : slices) {
      if (slice.chain > 1 || !slice.complete) {
        continue;
      }
      var choice = slice.sequence.drafts.choose(room, new BatchLoad(rows - 1, tokens - 1), costs.cost());
      int nodes = choice.tree().size();
      if (nodes > 0 && slice.sequence.kv.reserve(slice.chain + nodes)) {
        slice.tree = choice.tree();
        rows += nodes;
        room -= nodes;
        tokens += choice.expectedTokens() - 1;
      }
    }
  }

  private void fill() {
    batch.clear();
    for (Slice slice : slices) {
      Sequence sequence = slice.sequence;
      int start = sequence.kv.length();
      slice.firstRow = batch.rows();
      int row = Batch.COMMITTED;
      for (int i = 0; i < slice.chain; i++) {
        int token = sequence.history.token(start + i);
        row = batch.add(sequence.kv, token, row, slice.complete && i == slice.chain - 1);
      }
      for (int node = 0; node < slice.tree.size(); node++) {
        // A node's parent ROOT is -1, and the row before the first node is the root's.
        batch.add(sequence.kv, slice.tree.token(node), slice.row(slice.tree.parent(node)), true);
      }
    }
  }

  private void settle(Slice slice) {
    Sequence sequence = slice.sequence;
    if (!slice.complete) {
      sequence.kv.commit(slice.chain);
      scheduler.publish(sequence);
      return;
    }
    Verdict verdict =
        TreeVerifier.verify(
            slice.tree,
            model.pass().logits(),
            node -> logitsOffset(slice.row(node)),
            sequence.sampler,
            sequence.history);
    commitKv(slice, verdict);
    commitTokens(slice, verdict);
  }

  private static void commitKv(Slice slice, Verdict verdict) {
    int[] offsets = new int[slice.chain + verdict.accepted()];
    for (int i = 0; i < offsets.length; i++) {
      offsets[i] = i < slice.chain ? i : slice.chain + verdict.acceptedNodes()[i - slice.chain];
    }
    slice.sequence.kv.commitPath(offsets, offsets.length);
  }

  private void commitTokens(Slice slice, Verdict verdict) {
    Sequence sequence = slice.sequence;
    int base = sequence.history.length();
    List<Integer> tokens = new ArrayList<>(verdict.tokens().length);
    List<TokenLogprobs> logprobs =
        sequence.task.wantsLogprobs() ? new ArrayList<>(verdict.tokens().length) : List.of();
    Optional<Reason> end = Optional.empty();
    for (int i = 0; i < verdict.tokens().length && end.isEmpty(); i++) {
      int token = verdict.tokens()[i];
      tokens.add(token);
      if (sequence.task.wantsLogprobs()) {
        logprobs.add(logprobs(slice.row(verdict.chosenAt(i)), token, sequence.task.topLogprobs()));
      }
      sequence.history.append(token);
      end = EndRule.after(sequence, model, settings.contextLength());
    }
    scheduler.publish(sequence);
    int accepted = Math.min(verdict.accepted(), tokens.size());
    sequence.tokensNow();
    sequence.drafts.committed(slice.tree, verdict, accepted, sequence.task.sampling().isGreedy());
    metrics.committed(tokens.size(), slice.tree.size(), accepted);
    int wanted =
        end.isPresent() ? 0 : sequence.drafts.wanted(new BatchLoad(others(), others()), costs.cost());
    sequence.listener.committed(
        new CommittedTokens(
            base, tokens, logprobs, slice.tree.size(), accepted, sequence.drafts.epoch(), wanted));
    end.ifPresent(reason -> finish(sequence, reason));
  }

  /** Rows that the other sequences are likely to have in the next pass. */
  private int others() {
    return Math.max(0, slices.size() - 1);
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
