package dev.slipstream.engine.evaluation;

import dev.slipstream.engine.cache.KvLayout;
import dev.slipstream.engine.cache.KvPool;
import dev.slipstream.engine.cache.KvSequence;
import dev.slipstream.engine.model.LanguageModel;
import dev.slipstream.engine.model.PassResult;
import dev.slipstream.engine.runtime.Batch;

/**
 * Takes one model through one chunk after another, some rows at a time, so that the logits of only
 * so many rows are in memory.
 */
final class ChunkPass implements AutoCloseable {
  private static final int BATCH_ROWS = 128;

  private final LanguageModel model;
  private final Batch batch;
  private final KvPool pool;
  private final int firstEvaluated;
  private KvSequence sequence;
  private int[] chunk;
  private PassResult result;

  @SuppressWarnings("NullAway.Init") // Nothing is asked of it before it has been started.
  ChunkPass(LanguageModel model, EvaluationText text) {
    this.model = model;
    this.firstEvaluated = text.firstEvaluated();
    int rows = Math.min(BATCH_ROWS, text.context());
    this.batch = new Batch(rows, rows);
    this.pool = new KvPool(model.kvLayout(), text.context() / KvLayout.BLOCK_TOKENS + 1);
    this.sequence = pool.newSequence();
  }

  void start(int[] chunk) {
    this.chunk = chunk;
    sequence.close();
    sequence = pool.newSequence();
  }

  /** Computes the next rows; false if none are left. The chunk's last token predicts nothing. */
  boolean advance() {
    int from = sequence.length();
    int rows = Math.min(batch.capacity(), chunk.length - 1 - from);
    if (rows <= 0) {
      return false;
    }
    batch.clear();
    if (!sequence.reserve(rows)) {
      throw new IllegalStateException("the KV pool is smaller than a chunk");
    }
    for (int i = 0; i < rows; i++) {
      int parent = i == 0 ? Batch.COMMITTED : i - 1;
      batch.add(sequence, chunk[from + i], parent, from + i >= firstEvaluated);
    }
    result = model.forward(batch);
    sequence.commit(rows);
    return true;
  }

  /** Rows of the last step that count. */
  int evaluatedRows() {
    return batch.logitRows();
  }

  /** The token that should follow such a row. */
  int expected(int row) {
    return chunk[sequence.length() - batch.logitRows() + row + 1];
  }

  float[] logits() {
    return result.logits();
  }

  int offset(int row) {
    return result.logitsOffset(row);
  }

  @Override
  public void close() {
    sequence.close();
    pool.close();
  }
}
