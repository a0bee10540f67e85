package dev.slipstream.standalone.bench;

import java.util.List;

/**
 * How to load a server.
 *
 * @param concurrency numbers of requests under way at a time
 * @param requests of each round, at least 1
 * @param rounds with each kind of speculation, in alternation
 * @param modes with or without speculation, or both
 * @param maxTokens longest answer
 */
public record ServeSettings(
    PromptSet prompts,
    List<Integer> concurrency,
    int requests,
    int rounds,
    List<Mode> modes,
    int maxTokens,
    float temperature,
    boolean warmUp) {

  /**
   * Whether the server may speculate; {@code auto} asks for nothing, so that any server will do.
   */
  public enum Mode {
    AUTO,
    OFF;

    @Override
    public String toString() {
      return name().toLowerCase(java.util.Locale.ROOT);
    }
  }
}
