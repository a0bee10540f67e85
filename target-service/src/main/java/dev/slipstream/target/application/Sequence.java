package dev.slipstream.target.application;

import static dev.slipstream.engine.cache.KvLayout.BLOCK_TOKENS;

import dev.slipstream.engine.cache.BlockKey;
import dev.slipstream.engine.cache.BlockKeyChain;
import dev.slipstream.engine.cache.KvSequence;
import dev.slipstream.engine.sampling.SamplingWorkspace;
import dev.slipstream.engine.sampling.TokenHistory;
import dev.slipstream.engine.sampling.TokenSampler;
import dev.slipstream.target.application.Outcome.Timings;
import dev.slipstream.target.application.Outcome.Usage;
import java.util.List;

/**
 * One sequence; owned by the decode loop. Its text is always ahead of its KV: the tokens from
 * {@link #kv}'s length on are what the next passes compute. One such token means that it decodes,
 * more that it prefills, and a sequence that lost its KV to others simply prefills again.
 */
final class Sequence {
  enum State {
    WAITING,
    FETCHING,
    RUNNING,
    ENDED
  }

  final DecodeTask task;
  final DecodeListener listener;
  final TokenHistory history;
  final TokenSampler sampler;
  final DraftAdvice drafts;
  private final BlockKeyChain keys;
  private final long submitted = System.nanoTime();
  private long admitted;
  private long firstToken;
  private long lastToken;

  State state = State.WAITING;

  /** Null while it waits. */
  KvSequence kv;

  /** Blocks whose content is known to the prefix cache. */
  int registeredBlocks;

  /** Its first block that came from kv-service, or -1 if all were computed here. */
  int firstForeignBlock = -1;

  /** Whether its text is computed without the help of caches, because that has failed. */
  boolean alone;

  boolean announced;
  int cachedTokens;
  int remoteCachedTokens;

  Sequence(
      DecodeTask task,
      DecodeListener listener,
      BlockKeyChain keys,
      SamplingWorkspace workspace,
      int maxDraftTokens) {
    this.task = task;
    this.listener = listener;
    this.keys = keys;
    this.history = new TokenHistory(task.prompt(), task.prompt().length - task.resumedTokens());
    this.sampler = new TokenSampler(task.sampling(), workspace);
    this.drafts = DraftAdvice.of(task, maxDraftTokens);
  }

  /** Tokens whose KV is missing; at least 1. */
  int pendingTokens() {
    return history.length() - kv.length();
  }

  boolean isDecoding() {
    return state == State.RUNNING && pendingTokens() == 1;
  }

  /** Keys of all full blocks of a part of the text. */
  List<BlockKey> keysOf(int tokens) {
    keys.extend(history::token, tokens);
    return keys.keys().subList(0, tokens / BLOCK_TOKENS);
  }

  /** Keys of the blocks that a cache may provide: the last token is always computed. */
  List<BlockKey> reusableKeys() {
    return keysOf(history.length() - 1);
  }

  void admittedNow() {
    if (admitted == 0) {
      admitted = System.nanoTime();
    }
  }

  void tokensNow() {
    lastToken = System.nanoTime();
    if (firstToken == 0) {
      firstToken = lastToken;
    }
  }

  Usage usage() {
    return new Usage(history.promptLength(), history.generated(), cachedTokens, remoteCachedTokens);
  }

  Timings timings() {
    return new Timings(
        millis(submitted, admitted), millis(admitted, firstToken), millis(firstToken, lastToken));
  }

  private static double millis(long from, long to) {
    return from == 0 || to == 0 ? 0 : (to - from) / 1e6;
  }
}
