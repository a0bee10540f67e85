package dev.slipstream.engine.weights;

/** All weights are in memory, always. */
public final class Pinned implements Residency {
  @Override
  public void acquire(WeightUnit unit) {}

  @Override
  public void release(WeightUnit unit) {}

  @Override
  public void close() {}
}
