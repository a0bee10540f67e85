package dev.slipstream.target.application;

import dev.slipstream.engine.speculation.BatchLoad;
import dev.slipstream.engine.speculation.DraftTree;
import dev.slipstream.engine.speculation.PassCost;
import dev.slipstream.target.application.Sequence.State;
import dev.slipstream.target.spi.DraftAllocator;
import dev.slipstream.target.spi.SequenceView;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Divides the rows of a pass. Every decoding sequence gets its own, prompts and scores share those
 * that are meant for them, and what is left goes to drafts. Rows with logits are fewer: each
 * sequence may need one, scores take more of them, and leave half to drafts where others decode.
 */
final class StepPlan {
  private final LoopSettings settings;
  private final Scheduler scheduler;
  private final DraftAllocator allocator;
  private final List<Work> works = new ArrayList<>();
  private final List<Sequence> ready = new ArrayList<>();
  private final List<Candidate> candidates = new ArrayList<>();

  @SuppressWarnings("NullAway.Init") // Of the plan in progress.
  private PassCost cost;

  /** Rows for prompts and scores, and among them those with logits for scores. */
  private int prefillRows;

  private int scoreRows;

  /** What has been planned so far, and the tokens that it is expected to bring. */
  private int rows;

  private int logitRows;
  private long kvTokens;
  private double tokens;

  StepPlan(LoopSettings settings, Scheduler scheduler, DraftAllocator allocator) {
    this.settings = settings;
    this.scheduler = scheduler;
    this.allocator = allocator;
  }

  /**
   * Plans a pass over those of the sequences that are ready for one.
   *
   * @return one work for each that takes part; valid until the next call
   */
  List<Work> plan(List<Sequence> sequences, PassCost cost) {
    this.cost = cost;
    begin(sequences);
    for (Sequence sequence : ready) {
      // Making room for an older one may have put it off.
      Work work = sequence.state == State.RUNNING ? next(sequence) : null;
      if (work != null && scheduler.reserve(sequence, work.rows())) {
        add(work);
      }
    }
    planDrafts();
    return works;
  }

  private void begin(List<Sequence> sequences) {
    works.clear();
    ready.clear();
    rows = 0;
    logitRows = 0;
    kvTokens = 0;
    int decoding = 0;
    for (Sequence sequence : sequences) {
      if (sequence.state == State.RUNNING) {
        ready.add(sequence);
        decoding += sequence.isDecoding() ? 1 : 0;
      }
    }
    prefillRows = settings.maxBatchRows() - decoding;
    scoreRows = settings.maxLogitRows() - ready.size();
    if (decoding > 0) {
      prefillRows = Math.min(prefillRows, settings.prefillChunk());
      scoreRows /= 2;
    }
  }

  private void add(Work work) {
    works.add(work);
    rows += work.rows();
    logitRows += work.logitRows();
    kvTokens += work.kvTokens();
    prefillRows -= work.isOfAnswer() ? 0 : work.rows();
    if (work instanceof Score) {
      scoreRows -= work.logitRows() - 1;
    }
  }

  /** What a sequence does next, or null if no rows are left for that. */
  private @Nullable Work next(Sequence sequence) {
    int pending = sequence.pendingTokens();
    int chain = sequence.isDecoding() ? pending : Math.min(pending, prefillRows);
    if (chain < pending) {
      return chain == 0 ? null : new PrefillChunk(sequence, chain);
    }
    return switch (sequence) {
      case Decoding decoding -> new Decode(decoding, chain);
      case Scoring scoring -> score(scoring, chain);
    };
  }

  private @Nullable Work score(Scoring scoring, int chain) {
    // The row that every sequence may have is for the prefix's last token, as long as that is due.
    int room = Math.min(prefillRows - chain, scoreRows + (chain == 0 ? 1 : 0));
    Score score = new Score(scoring, chain, scoring.parts(Math.max(0, room)));
    return score.rows() == 0 ? null : score;
  }

  private void planDrafts() {
    tokens = rows;
    candidates.clear();
    for (int i = 0; i < works.size(); i++) {
      if (works.get(i) instanceof Decode decode
          && decode.isOfAnswer()
          && !decode.sequence().drafts.tree().isEmpty()) {
        candidates.add(new Candidate(i, decode.sequence()));
      }
    }
    if (!candidates.isEmpty()) {
      allocator.allocate(candidates, room());
    }
  }

  private int room() {
    return Math.min(settings.maxBatchRows() - rows, settings.maxLogitRows() - logitRows);
  }

  private final class Candidate implements DraftAllocator.Candidate {
    private final int index;
    private final Decoding sequence;

    Candidate(int index, Decoding sequence) {
      this.index = index;
      this.sequence = sequence;
    }

    @Override
    public SequenceView sequence() {
      return sequence;
    }

    @Override
    public DraftTree tree() {
      return sequence.drafts.tree();
    }

    @Override
    public int limit() {
      return Math.min(tree().size(), sequence.drafts.maxNodes());
    }

    @Override
    public double expectedTokens(int nodes) {
      return sequence.drafts.expectedTokens(nodes);
    }

    @Override
    public int worthwhile(int most) {
      BatchLoad others = new BatchLoad(rows - 1, tokens - 1, kvTokens - sequence.kv().length());
      return sequence.drafts.worthwhile(Math.min(most, room()), sequence.outlook(cost, others));
    }

    @Override
    public boolean verify(int nodes) {
      if (nodes < 1 || nodes > Math.min(limit(), room()) || works.get(index) instanceof Verify) {
        return false;
      }
      Verify work = new Verify(sequence, tree().prefix(nodes));
      if (!sequence.kv().reserve(work.rows())) {
        return false;
      }
      works.set(index, work);
      rows += nodes;
      logitRows += nodes;
      kvTokens += (long) nodes * sequence.kv().length();
      tokens += expectedTokens(nodes) - 1;
      return true;
    }
  }
}
