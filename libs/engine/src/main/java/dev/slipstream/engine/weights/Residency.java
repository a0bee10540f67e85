package dev.slipstream.engine.weights;

/**
 * Decides which units of a model are in memory. Every worker of a pass acquires a unit before it
 * reads its weights, and releases it afterwards, also when the pass fails; it holds one at a time.
 * Workers are at most two units apart, in the order of the model's units, and the last pass may
 * have ended at any of them. A policy must not allocate in either method.
 */
public interface Residency extends AutoCloseable {
  /**
   * Returns when the weights are where they belong.
   *
   * @throws RuntimeException if they cannot be had, which fails the pass; nothing is acquired then
   */
  void acquire(WeightUnit unit);

  /** Ends what one {@link #acquire} began. Must not throw. */
  void release(WeightUnit unit);

  /** Frees what the policy holds. There are no passes any more. */
  @Override
  void close();
}
