package dev.slipstream.target.application;

import dev.slipstream.engine.runtime.Batch;
import dev.slipstream.engine.speculation.DraftTree;
import dev.slipstream.engine.speculation.Verdict;

/** The rest of a text, mostly its one last token, and the token that follows. */
final class Decode implements Work {
  private static final int[] NO_NODES = {};

  private final Decoding sequence;
  private final int rows;
  private int firstRow;

  @SuppressWarnings("NullAway.Init") // A work is judged before it is settled.
  private Verdict verdict;

  /**
   * @param rows all pending tokens
   */
  Decode(Decoding sequence, int rows) {
    this.sequence = sequence;
    this.rows = rows;
  }

  @Override
  public Decoding sequence() {
    return sequence;
  }

  @Override
  public int rows() {
    return rows;
  }

  @Override
  public int logitRows() {
    return 1;
  }

  @Override
  public boolean isOfAnswer() {
    return rows == 1;
  }

  @Override
  public void fill(Batch batch) {
    firstRow = Work.fillChain(batch, sequence, rows, true);
  }

  private int lastRow() {
    return firstRow + rows - 1;
  }

  @Override
  public void judge(ComputedPass pass) {
    for (int row = firstRow; row <= lastRow(); row++) {
      pass.requireFinite(row);
    }
    int token = sequence.sampler.sample(pass.logits(), pass.offset(lastRow()), sequence.history);
    verdict = new Verdict(NO_NODES, new int[] {token});
  }

  @Override
  public void commit(ComputedPass pass, Settlement settlement) {
    sequence.kv().commit(rows);
    settlement.commit(sequence, lastRow(), DraftTree.empty(), verdict, pass);
  }
}
