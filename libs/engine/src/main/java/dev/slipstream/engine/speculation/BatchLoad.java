package dev.slipstream.engine.speculation;

/**
 * What else a step carries while one sequence decides about its draft.
 *
 * @param rows rows of all others: decoding rows, their draft nodes, prefill
 * @param tokens the progress these rows are expected to make: 1 for each decoding or prefill row,
 *     what its {@link SpeculationGate.Decision} expects for a sequence with a draft
 */
public record BatchLoad(int rows, double tokens) {
  /** Nothing else. */
  public static final BatchLoad ALONE = new BatchLoad(0, 0);

  public BatchLoad {
    if (rows < 0 || !(tokens >= 0)) {
      throw new IllegalArgumentException(rows + " rows, " + tokens + " tokens");
    }
  }
}
