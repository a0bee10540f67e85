package dev.slipstream.target.application;

import dev.slipstream.engine.runtime.Batch;

/** A part of a text that more of it follows: nothing but its KV is of interest. */
final class PrefillChunk implements Work {
  private final Sequence sequence;
  private final int rows;
  private int firstRow;

  PrefillChunk(Sequence sequence, int rows) {
    this.sequence = sequence;
    this.rows = rows;
  }

  @Override
  public Sequence sequence() {
    return sequence;
  }

  @Override
  public int rows() {
    return rows;
  }

  @Override
  public int logitRows() {
    return 0;
  }

  @Override
  public boolean isOfAnswer() {
    return false;
  }

  @Override
  public void fill(Batch batch) {
    firstRow = Work.fillChain(batch, sequence, rows, false);
  }

  @Override
  public void judge(ComputedPass pass) {
    for (int row = firstRow; row < firstRow + rows; row++) {
      pass.requireFinite(row);
    }
  }

  @Override
  public void commit(ComputedPass pass, Settlement settlement) {
    sequence.kv().commit(rows);
    settlement.publish(sequence);
  }
}
