package dev.slipstream.gateway.upstream;

import io.grpc.StatusRuntimeException;

/**
 * A target has failed a stream. Whether that says something about the target, or about what it was
 * asked, shows when another one tries: only a failure that is confirmed counts.
 */
public record Accusation(TargetEndpoint target, StatusRuntimeException failure) {

  /** Another target has done what this one could not. */
  public void confirm() {
    target.blamed(failure);
  }
}
