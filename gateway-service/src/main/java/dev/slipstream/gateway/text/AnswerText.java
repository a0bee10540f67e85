package dev.slipstream.gateway.text;

import dev.slipstream.text.tokenizer.StreamingDetokenizer;
import dev.slipstream.text.tokenizer.Tokenizer;
import java.util.List;
import java.util.Set;

/** The text of one answer, token by token, up to the first stop string. Not thread-safe. */
public final class AnswerText {
  private final StreamingDetokenizer detokenizer;
  private final StopMatcher stops;
  private final Set<Integer> silentTokens;

  /** Tokens whose text is not searched for stop strings. */
  private int unsearched;

  /**
   * @param prompt what the answer continues; not empty
   * @param minTokens stop strings count only where they begin behind so many tokens
   * @param ignoreEnd whether end tokens are tokens like any other
   */
  public AnswerText(
      Tokenizer tokenizer, int[] prompt, List<String> stops, int minTokens, boolean ignoreEnd) {
    this.detokenizer = tokenizer.detokenizer();
    this.stops = new StopMatcher(stops);
    this.unsearched = minTokens;
    this.silentTokens = ignoreEnd ? Set.of() : tokenizer.endTokens();
    // The answer is no text of its own: a space at its start belongs to it.
    detokenizer.append(prompt[prompt.length - 1]);
    detokenizer.flush();
  }

  /** The text that can be given out after this token. */
  public String append(int token) {
    if (silentTokens.contains(token)) {
      return "";
    }
    String text = detokenizer.append(token);
    if (unsearched > 0) {
      unsearched--;
      return text;
    }
    return stops.append(text);
  }

  /** The rest, as no more tokens will come. */
  public String finish() {
    String last = stops.append(detokenizer.flush());
    return last + stops.finish();
  }

  /** Whether a stop string has ended the answer. */
  public boolean stopped() {
    return stops.matched();
  }
}
