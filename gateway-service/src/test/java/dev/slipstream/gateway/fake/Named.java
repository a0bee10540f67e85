package dev.slipstream.gateway.fake;

import dev.slipstream.gateway.application.Caller;

/** A caller with a key, whose tenant has the same name. */
public record Named(String name) implements Caller {
  @Override
  public String tenant() {
    return name;
  }

  @Override
  public void usePrompt(int tokens) {}

  @Override
  public void useAnswer(int tokens) {}
}
