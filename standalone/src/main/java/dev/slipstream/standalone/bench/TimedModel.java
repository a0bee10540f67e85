package dev.slipstream.standalone.bench;

import dev.slipstream.engine.cache.KvPool;
import dev.slipstream.engine.cache.KvSequence;
import dev.slipstream.engine.model.LanguageModel;
import dev.slipstream.engine.runtime.Batch;

/** Runs passes of one sequence of arbitrary tokens and says how long they took, in seconds. */
final class TimedModel implements AutoCloseable {
  /** Rows of one prefill pass, as llama-bench's default for {@code -ub}. */
  static final int CHUNK = 512;

  private final LanguageModel model;
  private final KvPool pool;
  private final KvSequence sequence;
  private final Batch batch;
  private int next;

  /**
   * @param maxTokens longest text
   * @param maxRows most rows that {@link #verify} is asked for
   */
  TimedModel(LanguageModel model, int maxTokens, int maxRows) {
    this.model = model;
    this.pool = new KvPool(model.kvLayout(), maxTokens / 16 + 2);
    this.sequence = pool.newSequence();
    this.batch = new Batch(Math.max(CHUNK, maxRows), maxRows);
  }

  /** A prompt behind so many tokens of a text; logits for its last token. */
  double prefill(int depth, int tokens) {
    fill(depth);
    long start = System.nanoTime();
    prefill(tokens);
    return since(start);
  }

  /** Token after token behind so many of a text. */
  double decode(int depth, int tokens) {
    fill(depth);
    long start = System.nanoTime();
    for (int i = 0; i < tokens; i++) {
      pass(1, 1);
      sequence.commit(1);
    }
    return since(start);
  }

  /** Makes the text one of so many tokens; what it had is kept. */
  void fill(int depth) {
    sequence.truncate(Math.min(depth, sequence.length()));
    prefill(depth - sequence.length());
  }

  private void prefill(int tokens) {
    for (int done = 0; done < tokens; done += CHUNK) {
      int rows = Math.min(CHUNK, tokens - done);
      pass(rows, done + rows == tokens ? 1 : 0);
      sequence.commit(rows);
    }
  }

  /** One pass over a chain of rows that all ask for logits; its rows are not kept. */
  double verify(int rows) {
    long start = System.nanoTime();
    pass(rows, rows);
    return since(start);
  }

  private void pass(int rows, int logitRows) {
    batch.clear();
    if (!sequence.reserve(rows)) {
      throw new IllegalStateException("the KV pool is too small for " + rows + " more rows");
    }
    for (int i = 0; i < rows; i++) {
      batch.add(sequence, token(), i == 0 ? Batch.COMMITTED : i - 1, i >= rows - logitRows);
    }
    model.forward(batch);
  }

  private int token() {
    next = (next + 7919) % model.config().vocabularySize();
    return next;
  }

  private static double since(long start) {
    return (System.nanoTime() - start) / 1e9;
  }

  @Override
  public void close() {
    sequence.close();
    pool.close();
  }
}
