package dev.slipstream.target.application;

import dev.slipstream.engine.model.PassResult;
import dev.slipstream.engine.runtime.Batch;
import dev.slipstream.engine.sampling.TokenLogprobs;
import dev.slipstream.engine.speculation.TeacherProbabilities;

/** What the last pass has computed for the rows of its batch. */
final class ComputedPass {
  private final Batch batch;
  private final int vocabularySize;
  private PassResult result;

  @SuppressWarnings("NullAway.Init") // Nothing is asked of it before a pass.
  ComputedPass(ServedModel model, Batch batch) {
    this.batch = batch;
    this.vocabularySize = model.tokens().size();
  }

  void take(PassResult result) {
    this.result = result;
  }

  float[] logits() {
    return result.logits();
  }

  /** Where the logits of a row start that asked for them. */
  int offset(int row) {
    return result.logitsOffset(batch.logitRow(row));
  }

  TokenLogprobs logprobs(int row, int token, int top) {
    return TokenLogprobs.of(logits(), offset(row), vocabularySize, token, top);
  }

  float[] logprobsOf(int row, int... tokens) {
    return TokenLogprobs.of(logits(), offset(row), vocabularySize, tokens);
  }

  TeacherProbabilities teacher(int row, int tokens) {
    return TeacherProbabilities.of(logits(), offset(row), vocabularySize, tokens);
  }

  /**
   * @throws IllegalStateException if what was computed for a row is not finite: its KV must not be
   *     used, and much less be given to others
   */
  void requireFinite(int row) {
    if (!result.isFinite(row)) {
      throw new IllegalStateException(
          "what the model computed for token %d of the text is not finite"
              .formatted(batch.position(row)));
    }
  }
}
