package dev.slipstream.engine.evaluation;

import dev.slipstream.text.tokenizer.Tokenizer;
import java.util.Arrays;

/**
 * A text in chunks of one context each, as llama-perplexity cuts it: a rest that fills no chunk is
 * dropped, and if the model wants texts to begin with a begin token, that takes the place of the
 * first token of every chunk.
 */
public final class EvaluationText {
  private static final int SHORTEST = 4;

  private final int[] tokens;
  private final int context;
  private final int chunks;
  private final boolean begins;
  private final int begin;

  private EvaluationText(int[] tokens, int context, int chunks, boolean begins, int begin) {
    this.tokens = tokens;
    this.context = context;
    this.chunks = chunks;
    this.begins = begins;
    this.begin = begin;
  }

  /**
   * @param context tokens in a chunk, at least 4
   * @param maxChunks how many chunks to use at most
   * @throws IllegalArgumentException if the text is shorter than two chunks
   */
  public static EvaluationText of(String text, Tokenizer tokenizer, int context, int maxChunks) {
    if (context < SHORTEST || maxChunks < 1) {
      throw new IllegalArgumentException(
          "a context of %d tokens and %d chunks are too little to evaluate"
              .formatted(context, maxChunks));
    }
    String content = text.endsWith("\n") ? text.substring(0, text.length() - 1) : text;
    int[] tokens = tokenizer.encode(content, true, false);
    if (tokens.length < 2L * context) {
      throw new IllegalArgumentException(
          ("at least %d tokens are needed to evaluate with a context of %d, but the text has only"
                  + " %d")
              .formatted(2L * context, context, tokens.length));
    }
    int[] around = tokenizer.encode("", true, false);
    int begin = tokenizer.beginToken().orElse(-1);
    boolean begins = around.length > 0 && around[0] == begin;
    int chunks = Math.min(maxChunks, tokens.length / context);
    return new EvaluationText(tokens, context, chunks, begins, begin);
  }

  public int chunks() {
    return chunks;
  }

  public int context() {
    return context;
  }

  /** First position of a chunk whose prediction of the next token counts. */
  int firstEvaluated() {
    return context / 2;
  }

  /**
   * What the model reads, and whose tokens from {@link #firstEvaluated} + 1 on it should predict.
   */
  int[] chunk(int number) {
    int[] chunk = Arrays.copyOfRange(tokens, number * context, (number + 1) * context);
    if (begins) {
      chunk[0] = begin;
    }
    return chunk;
  }
}
