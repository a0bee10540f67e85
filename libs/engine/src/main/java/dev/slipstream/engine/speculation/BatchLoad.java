package dev.slipstream.engine.speculation;

/**
 * What else a step carries while one sequence decides about its draft.
 *
 * @param rows rows of all others: decoding rows, their draft nodes, prefill
 * @param tokens the progress these rows are expected to make: 1 for each decoding or prefill row,
 *     what its {@link SpeculationGate.Decision} expects for a sequence with a draft
 * @param kvTokens committed tokens that these rows look at, as in {@link PassCost#seconds(int,
 *     long)}
 */
public record BatchLoad(int rows, double tokens, long kvTokens) {
  /** Nothing else. */
  public static final BatchLoad ALONE = new BatchLoad(0, 0, 0);

  public BatchLoad {
    if (rows < 0 || !(tokens >= 0) || kvTokens < 0) {
      throw new IllegalArgumentException(
          "%d rows, %s tokens, %d tokens of KV".formatted(rows, tokens, kvTokens));
    }
  }
}
