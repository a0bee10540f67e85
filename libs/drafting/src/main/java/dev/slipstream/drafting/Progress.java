package dev.slipstream.drafting;

import dev.slipstream.engine.speculation.VerifiedDraft;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;

/**
 * How a text went on, in one pass of the target or in several.
 *
 * @param tokens that were committed, ids from 0; never changed
 * @param verified what became of the drafts in these passes, in order
 */
public record Progress(int[] tokens, List<VerifiedDraft> verified) {
  /** None. */
  public static final Progress NONE = Progress.of();

  public Progress {
    verified = List.copyOf(verified);
  }

  /** Tokens that were committed without a draft, such as a prompt's. */
  public static Progress of(int... tokens) {
    return new Progress(tokens, List.of());
  }

  /** This and what came after it. */
  public Progress then(Progress next) {
    if (tokens.length == 0 && verified.isEmpty()) {
      return next;
    }
    int[] all = Arrays.copyOf(tokens, tokens.length + next.tokens.length);
    System.arraycopy(next.tokens, 0, all, tokens.length, next.tokens.length);
    return new Progress(all, Stream.concat(verified.stream(), next.verified.stream()).toList());
  }
}
