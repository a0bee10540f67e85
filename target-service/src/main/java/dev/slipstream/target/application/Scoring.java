package dev.slipstream.target.application;

import dev.slipstream.engine.cache.BlockKeyChain;
import dev.slipstream.engine.sampling.TokenHistory;
import java.util.ArrayList;
import java.util.List;

/**
 * A prefix whose continuations are scored. Where the prefix ends all first tokens are known; the
 * row of each token then tells of the next. As many whole continuations as a pass has rows for are
 * branches behind the prefix, none of which stays. One that is too long for a pass is computed in
 * pieces as if it were text, and cut off when it is done.
 */
final class Scoring extends Sequence {
  private final ScoreListener listener;
  private final List<int[]> continuations;
  private final int contextLength;
  private final List<float[]> logprobs;

  /** The first continuation of which tokens are missing. */
  private int next;

  /**
   * Rows for a part of a continuation: its tokens from {@code from} to below {@code to}, which tell
   * of those from {@code from + 1} to {@code to}.
   */
  record Part(int continuation, int from, int to) {
    int rows() {
      return to - from;
    }
  }

  Scoring(ScoreTask task, ScoreListener listener, BlockKeyChain keys, int contextLength) {
    super(task.caller(), new TokenHistory(task.prefix(), task.prefix().length), keys);
    this.listener = listener;
    this.continuations = task.continuations();
    this.contextLength = contextLength;
    this.logprobs = continuations.stream().map(tokens -> new float[tokens.length]).toList();
  }

  @Override
  public int maxTokens() {
    return 0;
  }

  /** All that may lie behind the prefix at a time, which is forgotten if there is no room. */
  @Override
  int tokensBehind() {
    int tokens = 0;
    for (int i = next; i < continuations.size(); i++) {
      tokens += rows(i);
    }
    return tokens;
  }

  @Override
  void started() {
    // Whoever waits for a score has no use for a part of it.
  }

  @Override
  void failed(DecodeFailure failure) {
    listener.failed(failure);
  }

  /**
   * Parts for a pass that completes the prefix, or in which it is complete.
   *
   * @param room rows for them
   * @return the one part of a continuation in pieces, or whole ones
   */
  List<Part> parts(int room) {
    int written = Math.max(0, kv().length() - history.length());
    if (written > 0 || rows(next) > room) {
      int to = Math.min(rows(next), written + room);
      return to == written ? List.of() : List.of(new Part(next, written, to));
    }
    List<Part> whole = new ArrayList<>();
    int left = Math.min(room, contextLength - history.length());
    for (int i = next; i < continuations.size() && rows(i) <= left; i++) {
      whole.add(new Part(i, 0, rows(i)));
      left -= rows(i);
    }
    return whole;
  }

  /** The last token of a continuation tells nothing of it. */
  private int rows(int continuation) {
    return continuations.get(continuation).length - 1;
  }

  boolean isWhole(Part part) {
    return part.from() == 0 && part.to() == rows(part.continuation());
  }

  int token(Part part, int row) {
    return continuations.get(part.continuation())[part.from() + row];
  }

  /** The token that a row of a part tells of. */
  int follower(Part part, int row) {
    return continuations.get(part.continuation())[part.from() + row + 1];
  }

  /** First tokens of all continuations. */
  int[] firstTokens() {
    return continuations.stream().mapToInt(tokens -> tokens[0]).toArray();
  }

  void scoredFirst(float[] first) {
    for (int i = 0; i < first.length; i++) {
      logprobs.get(i)[0] = first[i];
    }
  }

  /** Scores the token that a row of a part tells of. */
  void scored(Part part, int row, float logprob) {
    logprobs.get(part.continuation())[part.from() + row + 1] = logprob;
  }

  /**
   * The rows of these parts have been scored, and committed if they were not whole.
   *
   * @return whether that was all
   */
  boolean advance(List<Part> parts) {
    for (Part part : parts) {
      if (part.to() == rows(part.continuation())) {
        next = part.continuation() + 1;
        kv().truncate(Math.min(kv().length(), history.length()));
      }
    }
    while (next < continuations.size() && rows(next) == 0) {
      next++;
    }
    return next == continuations.size();
  }

  int scoredTokens() {
    return continuations.stream().mapToInt(tokens -> tokens.length).sum();
  }

  void finished() {
    listener.scored(logprobs, cachedTokens, remoteCachedTokens);
  }
}
