package dev.slipstream.target.application;

import dev.slipstream.engine.speculation.PassCost;

/** A table that is taken for granted: refined by passes, never given up, never measured. */
final class AssumedCosts implements PassCosts {
  private PassCost cost;

  AssumedCosts(PassCost cost) {
    this.cost = cost;
  }

  @Override
  public PassCost cost() {
    return cost;
  }

  @Override
  public void computed(Pass pass) {
    cost = cost.observe(pass.rows(), pass.kvTokens(), pass.seconds());
  }

  @Override
  public long quietNanos() {
    return -1;
  }

  @Override
  public boolean measure() {
    return false;
  }

  @Override
  public void close() {}
}
