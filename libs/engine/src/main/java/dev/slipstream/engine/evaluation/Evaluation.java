package dev.slipstream.engine.evaluation;

import dev.slipstream.engine.model.LanguageModel;
import dev.slipstream.engine.runtime.ComputePool;
import java.util.function.Consumer;

/**
 * Lets models predict the second half of every chunk of a text. As in llama-perplexity, only that
 * half counts, so that every prediction has a context.
 */
public final class Evaluation {
  private final EvaluationText text;
  private final ComputePool pool;

  public Evaluation(EvaluationText text, ComputePool pool) {
    this.text = text;
    this.pool = pool;
  }

  /**
   * Perplexity of one model.
   *
   * @param afterChunk hears the statistics so far, after every chunk
   */
  public PerplexityStatistics perplexity(
      LanguageModel model, Consumer<PerplexityStatistics> afterChunk) {
    PerplexityStatistics statistics = new PerplexityStatistics();
    int size = model.config().vocabularySize();
    double[] losses = new double[text.context()];
    try (ChunkPass pass = new ChunkPass(model, text)) {
      for (int i = 0; i < text.chunks(); i++) {
        pass.start(text.chunk(i));
        while (pass.advance()) {
          int rows = pass.evaluatedRows();
          pool.run(
              worker -> {
                for (int row = worker.first(rows); row < worker.end(rows); row++) {
                  int offset = pass.offset(row);
                  double logSum = Prediction.of(pass.logits(), offset, size).logSum();
                  losses[row] = logSum - pass.logits()[offset + pass.expected(row)];
                }
              });
          for (int row = 0; row < rows; row++) {
            statistics.add(losses[row]);
          }
        }
        afterChunk.accept(statistics);
      }
    }
    return statistics;
  }

  /**
   * A model against a base model with the same vocabulary; both go through the text side by side.
   *
   * @param afterChunk hears the statistics so far, after every chunk
   */
  public DivergenceStatistics divergence(
      LanguageModel model, LanguageModel base, Consumer<DivergenceStatistics> afterChunk) {
    int size = model.config().vocabularySize();
    if (base.config().vocabularySize() != size
        || !base.tokenizer().digest().equals(model.tokenizer().digest())) {
      throw new IllegalArgumentException("the two models have different vocabularies");
    }
    DivergenceStatistics statistics = new DivergenceStatistics();
    TokenComparison[] tokens = new TokenComparison[text.context()];
    try (ChunkPass pass = new ChunkPass(model, text);
        ChunkPass basePass = new ChunkPass(base, text)) {
      for (int i = 0; i < text.chunks(); i++) {
        pass.start(text.chunk(i));
        basePass.start(text.chunk(i));
        while (pass.advance() && basePass.advance()) {
          int rows = pass.evaluatedRows();
          pool.run(
              worker -> {
                for (int row = worker.first(rows); row < worker.end(rows); row++) {
                  tokens[row] = compare(pass, basePass, row, size);
                }
              });
          for (int row = 0; row < rows; row++) {
            statistics.add(tokens[row]);
          }
        }
        afterChunk.accept(statistics);
      }
    }
    return statistics;
  }

  private static TokenComparison compare(ChunkPass pass, ChunkPass base, int row, int size) {
    return TokenComparison.of(
        pass.logits(), pass.offset(row), base.logits(), base.offset(row), size, pass.expected(row));
  }
}
