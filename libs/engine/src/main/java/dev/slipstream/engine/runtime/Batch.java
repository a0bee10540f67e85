package dev.slipstream.engine.runtime;

import dev.slipstream.engine.cache.KvSequence;
import java.util.Arrays;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The one kind of work: a list of rows (sequence, token, parent row). Prefill chunks, single
 * decodes and verification trees are all rows; there is no padding and no mask. A row attends to
 * the committed KV of its sequence and to its ancestors in the batch, or to what it selects of
 * them, and says what it wants to have computed.
 *
 * <p>The rows of one sequence stand together. Row i of a sequence writes its KV to the place {@code
 * sequence.length() + i}, so {@code sequence.reserve(rows)} must have succeeded before the forward
 * pass. The object is meant to be reused.
 */
public final class Batch {
  /** Most rows of a batch; what a model's sizes are checked against when it is loaded. */
  public static final int MAX_ROWS = 8192;

  /** Parent of a row that follows the committed text directly. */
  public static final int COMMITTED = -1;

  private static final Set<RowOutput> NOTHING = Set.of();
  private static final Set<RowOutput> LOGITS = Set.of(RowOutput.LOGITS);

  private final int maxLogitRows;
  private final KvSequence[] sequences;
  private final int[] tokens;
  private final int[] parents;
  private final int[] positions;
  private final int[] places;
  private final int[] logitRows;
  private final int[] hiddenRows;
  private final boolean[] entropies;
  private final boolean[] straight;
  private final AttentionObserver[] observers;
  private final PlaceSelection[] selections;
  private int rows;
  private int logits;
  private int hidden;
  private boolean wantsEntropy;
  private boolean observed;
  private boolean selective;

  /**
   * @param maxRows rows it can take, from 1 to {@link #MAX_ROWS}
   * @param maxLogitRows rows that can ask for logits or their entropy, at most as many
   */
  public Batch(int maxRows, int maxLogitRows) {
    if (maxRows < 1 || maxRows > MAX_ROWS || maxLogitRows < 0 || maxLogitRows > maxRows) {
      throw new IllegalArgumentException(
          "a batch has 1 to %d rows, not %d, of which %d with logits"
              .formatted(MAX_ROWS, maxRows, maxLogitRows));
    }
    this.maxLogitRows = maxLogitRows;
    this.sequences = new KvSequence[maxRows];
    this.tokens = new int[maxRows];
    this.parents = new int[maxRows];
    this.positions = new int[maxRows];
    this.places = new int[maxRows];
    this.logitRows = new int[maxRows];
    this.hiddenRows = new int[maxRows];
    this.entropies = new boolean[maxRows];
    this.straight = new boolean[maxRows];
    this.observers = new AttentionObserver[maxRows];
    this.selections = new PlaceSelection[maxRows];
  }

  public void clear() {
    Arrays.fill(sequences, 0, rows, null);
    if (observed) {
      Arrays.fill(observers, 0, rows, null);
    }
    if (selective) {
      Arrays.fill(selections, 0, rows, null);
    }
    rows = 0;
    logits = 0;
    hidden = 0;
    wantsEntropy = false;
    observed = false;
    selective = false;
  }

  /**
   * Adds a row that asks for its logits or for nothing, as {@link #add(KvSequence, int, int, Set)}.
   */
  public int add(KvSequence sequence, int token, int parent, boolean wantsLogits) {
    return add(sequence, token, parent, wantsLogits ? LOGITS : NOTHING);
  }

  /**
   * Adds a row and returns its index.
   *
   * @param parent the row it follows, which is of the same sequence, or {@link #COMMITTED}
   * @param outputs what the pass hands out for this row
   */
  public int add(KvSequence sequence, int token, int parent, Set<RowOutput> outputs) {
    boolean entropy = outputs.contains(RowOutput.ENTROPY);
    boolean head = entropy || outputs.contains(RowOutput.LOGITS);
    if (rows == tokens.length) {
      throw new IllegalStateException("the batch is full: " + rows + " rows");
    }
    if (head && logits == maxLogitRows) {
      throw new IllegalStateException("the batch is full: " + logits + " rows with logits");
    }
    int row = rows;
    boolean first = row == 0 || sequences[row - 1] != sequence;
    if (parent != COMMITTED && (parent < 0 || parent >= row || sequences[parent] != sequence)) {
      throw new IllegalArgumentException("row " + row + " cannot follow row " + parent);
    }
    sequences[row] = sequence;
    tokens[row] = token;
    parents[row] = parent;
    positions[row] = parent == COMMITTED ? sequence.length() : positions[parent] + 1;
    places[row] = first ? sequence.length() : places[row - 1] + 1;
    straight[row] = places[row] == positions[row] && (parent == COMMITTED || straight[parent]);
    logitRows[row] = head ? logits++ : -1;
    hiddenRows[row] = outputs.contains(RowOutput.HIDDEN) ? hidden++ : -1;
    entropies[row] = entropy;
    wantsEntropy |= entropy;
    rows++;
    return row;
  }

  /** Lets somebody watch where a row looks, in all layers. */
  public void observe(int row, AttentionObserver observer) {
    observers[Objects.checkIndex(row, rows)] = Objects.requireNonNull(observer);
    observed = true;
  }

  /** Lets a row look at a part of its text only, in all layers. */
  public void select(int row, PlaceSelection selection) {
    selections[Objects.checkIndex(row, rows)] = Objects.requireNonNull(selection);
    selective = true;
  }

  public int rows() {
    return rows;
  }

  public int capacity() {
    return tokens.length;
  }

  /** Rows that asked for logits or their entropy. */
  public int logitRows() {
    return logits;
  }

  public int maxLogitRows() {
    return maxLogitRows;
  }

  public KvSequence sequence(int row) {
    return sequences[row];
  }

  public int token(int row) {
    return tokens[row];
  }

  public int parent(int row) {
    return parents[row];
  }

  /** Position of the token in its text, from 0. */
  public int position(int row) {
    return positions[row];
  }

  /** Place in the sequence's KV that the row writes to. */
  public int place(int row) {
    return places[row];
  }

  /**
   * Whether the row and all its ancestors lie at the places of their positions, as in a plain
   * chain.
   */
  public boolean isStraight(int row) {
    return straight[row];
  }

  /** Index among the rows that asked for logits or their entropy, or -1. */
  public int logitRow(int row) {
    return logitRows[row];
  }

  /** Index among the rows that asked for their hidden state, or -1. */
  public int hiddenRow(int row) {
    return hiddenRows[row];
  }

  /** Whether a row asked for its entropy. */
  public boolean wantsEntropy(int row) {
    return entropies[row];
  }

  /** Whether any row did. */
  public boolean wantsEntropy() {
    return wantsEntropy;
  }

  /** Who watches a row, or null. */
  public @Nullable AttentionObserver observer(int row) {
    return observers[row];
  }

  /** What a row selects, or null if it looks at all that its layers let it see. */
  public @Nullable PlaceSelection selection(int row) {
    return selections[row];
  }

  /** Whether any row selects. */
  public boolean isSelective() {
    return selective;
  }
}
