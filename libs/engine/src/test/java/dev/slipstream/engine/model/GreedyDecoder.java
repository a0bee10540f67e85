package dev.slipstream.engine.model;

import dev.slipstream.engine.cache.KvPool;
import dev.slipstream.engine.cache.KvSequence;
import dev.slipstream.engine.runtime.Batch;
import java.util.Arrays;

/** The simplest possible decode loop, to hold others against. */
final class GreedyDecoder {
  private final LanguageModel model;
  private final Batch batch;
  private float[] firstLogits;

  GreedyDecoder(LanguageModel model, int chunk) {
    this.model = model;
    this.batch = new Batch(chunk, 1);
  }

  int[] decode(int[] prompt, int count) {
    try (KvPool pool = new KvPool(model.kvLayout(), (prompt.length + count) / 16 + 1);
        KvSequence sequence = pool.newSequence()) {
      int[] answer = new int[count];
      int next = prefill(sequence, prompt);
      for (int i = 0; i < count; i++) {
        answer[i] = next;
        if (i + 1 < count) {
          next = prefill(sequence, new int[] {next});
        }
      }
      return answer;
    }
  }

  /** Logits of the last prompt token of the last answer. */
  float[] firstLogits() {
    return firstLogits;
  }

  private int prefill(KvSequence sequence, int[] tokens) {
    float[] logits = {};
    for (int from = 0; from < tokens.length; from += batch.capacity()) {
      int to = Math.min(tokens.length, from + batch.capacity());
      batch.clear();
      if (!sequence.reserve(to - from)) {
        throw new AssertionError("pool too small");
      }
      for (int i = from; i < to; i++) {
        int parent = i == from ? Batch.COMMITTED : i - from - 1;
        batch.add(sequence, tokens[i], parent, i == tokens.length - 1);
      }
      logits = model.forward(batch).logits();
      sequence.commit(to - from);
    }
    if (tokens.length > 1 || firstLogits == null || sequence.length() == 1) {
      firstLogits = Arrays.copyOf(logits, model.config().vocabularySize());
    }
    return argmax(logits, model.config().vocabularySize());
  }

  static int argmax(float[] logits, int size) {
    int best = 0;
    for (int i = 1; i < size; i++) {
      if (logits[i] > logits[best]) {
        best = i;
      }
    }
    return best;
  }
}
