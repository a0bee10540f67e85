package dev.slipstream.engine.sampling;

import java.util.Arrays;
import java.util.Objects;

/**
 * The tokens of one text: its prompt, then what was generated. The length is the position of the
 * next token. Verification appends the path it tries and cuts it off again, and the text's rule, if
 * it has one, follows.
 */
public final class TokenHistory {
  private final int promptLength;
  private final TokenRule rule;
  private int[] tokens;
  private int length;

  /**
   * @param tokens all tokens so far; copied
   * @param promptLength how many of them are prompt; the others count as generated
   */
  public TokenHistory(int[] tokens, int promptLength) {
    this(tokens, promptLength, TokenRule.NONE);
  }

  /**
   * @param rule what may follow; hears of the generated tokens at once
   */
  public TokenHistory(int[] tokens, int promptLength, TokenRule rule) {
    Objects.checkFromToIndex(0, promptLength, tokens.length);
    this.rule = rule;
    this.tokens = Arrays.copyOf(tokens, Math.max(16, tokens.length));
    this.length = tokens.length;
    this.promptLength = promptLength;
    for (int i = promptLength; i < length; i++) {
      rule.appended(tokens[i]);
    }
  }

  public int length() {
    return length;
  }

  public int promptLength() {
    return promptLength;
  }

  /** Number of tokens after the prompt. */
  public int generated() {
    return length - promptLength;
  }

  public int token(int position) {
    return tokens[Objects.checkIndex(position, length)];
  }

  public void append(int token) {
    if (length == tokens.length) {
      tokens = Arrays.copyOf(tokens, length + (length >> 1));
    }
    tokens[length++] = token;
    rule.appended(token);
  }

  /** Forgets the tokens from position {@code newLength} on; the prompt stays. */
  public void truncate(int newLength) {
    if (newLength < promptLength || newLength > length) {
      throw new IllegalArgumentException(
          "cannot cut %d tokens, %d of them prompt, to %d"
              .formatted(length, promptLength, newLength));
    }
    length = newLength;
    rule.truncated(length);
  }

  /** A copy of all tokens. */
  public int[] toArray() {
    return Arrays.copyOf(tokens, length);
  }

  TokenRule rule() {
    return rule;
  }

  /** The tokens from 0 to {@link #length()}; the rest of the array means nothing. */
  int[] array() {
    return tokens;
  }
}
