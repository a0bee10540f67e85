package dev.slipstream.target.application;

import static dev.slipstream.engine.cache.KvLayout.BLOCK_TOKENS;

import dev.slipstream.engine.cache.BlockKey;
import dev.slipstream.engine.cache.BlockKeyChain;
import dev.slipstream.engine.cache.KvSequence;
import dev.slipstream.engine.sampling.TokenHistory;
import dev.slipstream.target.spi.SequenceView;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One text that passes compute; owned by the decode loop. It is always ahead of its KV: the tokens
 * from {@link #kv}'s length on are what the next passes compute. A sequence that lost its KV to
 * others simply computes it again.
 */
abstract sealed class Sequence implements SequenceView permits Decoding, Scoring {
  enum State {
    WAITING,
    FETCHING,
    RUNNING,
    ENDED
  }

  final TaskOwner caller;
  final TokenHistory history;
  private final BlockKeyChain keys;
  final long submitted = System.nanoTime();

  /** When it first left the queue; 0 before. */
  long admitted;

  State state = State.WAITING;

  /** Null while it waits. */
  private @Nullable KvSequence kv;

  /** Blocks whose content is known to the prefix cache. */
  int registeredBlocks;

  /** Its first block that came from kv-service, or -1 if all were computed here. */
  int firstForeignBlock = -1;

  /** Whether its text is computed without the help of caches, because that has failed. */
  boolean alone;

  int cachedTokens;
  int remoteCachedTokens;
  private boolean announced;

  Sequence(TaskOwner caller, TokenHistory history, BlockKeyChain keys) {
    this.caller = caller;
    this.history = history;
    this.keys = keys;
  }

  /** Whether another target has begun it. */
  boolean isResumed() {
    return false;
  }

  /** Tells the client that it has left the queue. */
  abstract void started();

  /** Tells the client that there is no (further) answer. */
  abstract void failed(DecodeFailure failure);

  /** Tokens of the text whose KV is missing. */
  int pendingTokens() {
    return Math.max(0, history.length() - kv().length());
  }

  /** Tokens that need room behind its text, although they do not stay. */
  int tokensBehind() {
    return 0;
  }

  /** Whether the next pass commits a token of it, with one row. */
  boolean isDecoding() {
    return false;
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

  boolean wasAdmitted() {
    return admitted != 0;
  }

  void admittedNow() {
    if (!wasAdmitted()) {
      admitted = System.nanoTime();
    }
  }

  /**
   * All that caches have of it is there: its rows are computed from now on.
   *
   * @return whether this is the first time
   */
  boolean run(int remoteTokens) {
    state = State.RUNNING;
    if (announced) {
      return false;
    }
    announced = true;
    cachedTokens = kv().length();
    remoteCachedTokens = remoteTokens;
    return true;
  }

  /**
   * Its blocks.
   *
   * @throws IllegalStateException if it waits
   */
  KvSequence kv() {
    if (kv == null) {
      throw new IllegalStateException("a sequence that waits has no KV");
    }
    return kv;
  }

  boolean holds(KvSequence blocks) {
    return kv == blocks;
  }

  void hold(KvSequence blocks) {
    kv = blocks;
  }

  /** Gives its blocks back; may be called twice. */
  void releaseBlocks() {
    if (kv != null) {
      kv.close();
      kv = null;
    }
  }

  @Override
  public String requestId() {
    return caller.requestId();
  }

  @Override
  public int promptTokens() {
    return history.promptLength();
  }

  @Override
  public int generatedTokens() {
    return history.generated();
  }

  @Override
  public int token(int position) {
    return history.token(position);
  }
}
