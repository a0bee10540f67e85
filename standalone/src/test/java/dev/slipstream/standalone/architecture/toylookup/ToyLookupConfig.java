package dev.slipstream.standalone.architecture.toylookup;

import java.util.Objects;

/**
 * @param reach a number; 3 if null
 */
public record ToyLookupConfig(Integer reach) {
  public ToyLookupConfig {
    reach = Objects.requireNonNullElse(reach, 3);
  }
}
