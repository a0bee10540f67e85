package dev.slipstream.gateway.upstream;

/** Whether a target gets streams: all, one that tries it, or none. */
public enum BreakerState {
  CLOSED,
  HALF_OPEN,
  OPEN
}
