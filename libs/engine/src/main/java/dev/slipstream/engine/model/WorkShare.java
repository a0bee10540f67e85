package dev.slipstream.engine.model;

import dev.slipstream.engine.runtime.ComputePool.Worker;
import dev.slipstream.engine.tensor.Activations;

/**
 * What one worker computes of a pass. With many rows each worker takes some of them through whole
 * matrices, and needs the others only for attention. With few rows each takes all of them through
 * its part of every matrix, so that each weight is read once.
 *
 * <p>Results do not depend on the division.
 */
final class WorkShare {
  /** From so many rows for each worker on, the weights are worth reading once per worker. */
  private static final int MANY_ROWS = 16;

  private final Worker worker;
  private final boolean byRows;
  private final int first;
  private final int end;

  /**
   * @param rows of the whole pass
   */
  WorkShare(int rows, Worker worker) {
    this.worker = worker;
    this.byRows = rows >= MANY_ROWS * worker.count();
    int tiles = Math.ceilDiv(rows, Activations.TILE);
    this.first = byRows ? worker.first(tiles) * Activations.TILE : 0;
    this.end = byRows ? Math.min(rows, worker.end(tiles) * Activations.TILE) : rows;
  }

  /** Most rows that one of so many workers gets, of passes of up to so many rows. */
  static int maxRows(int rows, int workers) {
    int tiles = Math.ceilDiv(Math.ceilDiv(rows, Activations.TILE), workers);
    return Math.min(rows, Math.max(MANY_ROWS * workers, tiles * Activations.TILE));
  }

  int firstRow() {
    return first;
  }

  /** End (exclusive) of the rows. */
  int endRow() {
    return end;
  }

  int rows() {
    return end - first;
  }

  /**
   * First group of a matrix that belongs to this share.
   *
   * @param before groups of other matrices that are divided together with this one, and precede it
   * @param all groups of all those matrices
   * @param groups of this matrix
   */
  int firstGroup(int before, int all, int groups) {
    return byRows ? 0 : Math.clamp((long) worker.first(all) - before, 0, groups);
  }

  /** End (exclusive) of the groups of a matrix that belong to this share. */
  int endGroup(int before, int all, int groups) {
    return byRows ? groups : Math.clamp((long) worker.end(all) - before, 0, groups);
  }

  /** Whether an item of work on a single row, of all rows, belongs to this share. */
  boolean owns(int row, int item) {
    return byRows ? row >= first && row < end : item % worker.count() == worker.index();
  }

  /** Waits for the others, unless what they do concerns only their own rows. */
  void meet() {
    if (!byRows) {
      worker.barrier();
    }
  }
}
