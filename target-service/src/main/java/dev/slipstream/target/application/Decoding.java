package dev.slipstream.target.application;

import dev.slipstream.engine.cache.BlockKeyChain;
import dev.slipstream.engine.sampling.SamplingWorkspace;
import dev.slipstream.engine.sampling.TokenHistory;
import dev.slipstream.engine.sampling.TokenSampler;
import dev.slipstream.engine.speculation.BatchLoad;
import dev.slipstream.engine.speculation.PassCost;
import dev.slipstream.engine.speculation.PassOutlook;
import dev.slipstream.target.application.Outcome.Reason;
import dev.slipstream.target.application.Outcome.Timings;
import dev.slipstream.target.application.Outcome.Usage;

/** A text that is gone on with, token by token, to the end of the answer. */
final class Decoding extends Sequence {
  final DecodeTask task;
  final DecodeListener listener;
  final TokenSampler sampler;
  final DraftAdvice drafts;
  private long firstToken;
  private long lastToken;

  Decoding(
      DecodeTask task,
      DecodeListener listener,
      BlockKeyChain keys,
      SamplingWorkspace workspace,
      DraftAdvice drafts) {
    super(
        task.caller(),
        new TokenHistory(
            task.prompt(), task.prompt().length - task.resumedTokens(), task.rule().get()),
        keys);
    this.task = task;
    this.listener = listener;
    this.sampler = new TokenSampler(task.sampling(), workspace);
    this.drafts = drafts;
  }

  @Override
  boolean isResumed() {
    return task.resumedTokens() > 0;
  }

  @Override
  public int maxTokens() {
    return task.ending().maxTokens();
  }

  @Override
  boolean isDecoding() {
    return state == State.RUNNING && pendingTokens() == 1;
  }

  @Override
  void started() {
    listener.started(cachedTokens, remoteCachedTokens);
  }

  @Override
  void failed(DecodeFailure failure) {
    listener.failed(failure);
  }

  void tokensNow() {
    lastToken = System.nanoTime();
    if (firstToken == 0) {
      firstToken = lastToken;
    }
  }

  Outcome outcome(Reason reason) {
    Usage usage =
        new Usage(history.promptLength(), history.generated(), cachedTokens, remoteCachedTokens);
    Timings timings =
        new Timings(
            millis(submitted, admitted),
            millis(admitted, firstToken),
            millis(firstToken, lastToken));
    return new Outcome(reason, usage, drafts.figures(), timings);
  }

  private static double millis(long from, long to) {
    return from == 0 || to == 0 ? 0 : (to - from) / 1e6;
  }

  /**
   * What a pass with a draft of it would be.
   *
   * @param others what the pass carries besides
   */
  PassOutlook outlook(PassCost cost, BatchLoad others) {
    return new PassOutlook(cost, others, kv().length(), drafts.cost());
  }
}
