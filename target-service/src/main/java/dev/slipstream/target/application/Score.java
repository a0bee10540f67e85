package dev.slipstream.target.application;

import dev.slipstream.engine.runtime.Batch;
import java.util.List;

/** The rest of a prefix, if there is any, and continuations of it that are scored. */
final class Score implements Work {
  private final Scoring sequence;
  private final int chain;
  private final List<Scoring.Part> parts;
  private int firstRow;

  /**
   * @param chain all pending tokens of the prefix
   * @param parts as {@link Scoring#parts} gives them
   */
  Score(Scoring sequence, int chain, List<Scoring.Part> parts) {
    this.sequence = sequence;
    this.chain = chain;
    this.parts = parts;
  }

  @Override
  public Scoring sequence() {
    return sequence;
  }

  @Override
  public int rows() {
    return chain + partRows();
  }

  private int partRows() {
    int rows = 0;
    for (Scoring.Part part : parts) {
      rows += part.rows();
    }
    return rows;
  }

  @Override
  public int logitRows() {
    return partRows() + (chain > 0 ? 1 : 0);
  }

  @Override
  public boolean isOfAnswer() {
    return false;
  }

  @Override
  public void fill(Batch batch) {
    firstRow = Work.fillChain(batch, sequence, chain, true);
    int end = chain > 0 ? batch.rows() - 1 : Batch.COMMITTED;
    for (Scoring.Part part : parts) {
      int row = end;
      for (int i = 0; i < part.rows(); i++) {
        row = batch.add(sequence.kv(), sequence.token(part, i), row, true);
      }
    }
  }

  @Override
  public void judge(ComputedPass pass) {
    for (int row = firstRow; row < firstRow + rows(); row++) {
      pass.requireFinite(row);
    }
    if (chain > 0) {
      sequence.scoredFirst(pass.logprobsOf(firstRow + chain - 1, sequence.firstTokens()));
    }
    int row = firstRow + chain;
    for (Scoring.Part part : parts) {
      for (int i = 0; i < part.rows(); i++) {
        sequence.scored(part, i, pass.logprobsOf(row++, sequence.follower(part, i))[0]);
      }
    }
  }

  @Override
  public void commit(ComputedPass pass, Settlement settlement) {
    boolean inPieces = parts.size() == 1 && !sequence.isWhole(parts.getFirst());
    sequence.kv().commit(inPieces ? rows() : chain);
    settlement.publish(sequence);
    if (sequence.advance(parts)) {
      settlement.finish(sequence);
    }
  }
}
