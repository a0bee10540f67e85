package dev.slipstream.drafting;

import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A target that wants no draft tokens still scores drafts against the tokens it decodes anyway, to
 * notice when speculation would pay again. So it is sent short ones, now and then.
 *
 * @param nodes nodes of such a draft, 1 to 1024; 4 if null
 * @param interval committed tokens from one to the next, at least 1; 8 if null
 */
public record Resting(Integer nodes, Integer interval) {
  public static final Resting DEFAULT = new Resting(null, null);

  /**
   * @throws IllegalArgumentException naming the value that is out of its range
   */
  public Resting(@Nullable Integer nodes, @Nullable Integer interval) {
    this.nodes = Objects.requireNonNullElse(nodes, 4);
    this.interval = Objects.requireNonNullElse(interval, 8);
    if (this.nodes < 1 || this.nodes > 1024) {
      throw new IllegalArgumentException("nodes is " + nodes + ", but must be from 1 to 1024");
    }
    if (this.interval < 1) {
      throw new IllegalArgumentException("interval is " + interval + ", but must be at least 1");
    }
  }
}
