package dev.slipstream.gateway.application;

import dev.slipstream.gateway.spi.GenerationEvent;
import dev.slipstream.proto.v1.Committed;
import dev.slipstream.proto.v1.DecodeFinished;
import dev.slipstream.proto.v1.DecodeStarted;
import dev.slipstream.proto.v1.FinishReason;
import dev.slipstream.proto.v1.Lossless;
import dev.slipstream.proto.v1.SamplingParams;
import dev.slipstream.proto.v1.SpeculationStats;
import dev.slipstream.proto.v1.SpeculationStatus;
import dev.slipstream.proto.v1.Timings;
import dev.slipstream.proto.v1.Usage;
import java.util.Optional;

/**
 * Counts what happens to one answer. Counted here and not taken from the target's summary, since
 * there is none if a stop string ends the answer, and more than one if a second target goes on with
 * it. Not thread-safe.
 */
final class AnswerFigures {
  private static final double NANOS_PER_MS = 1e6;

  private final PreparedRequest request;
  private final long openedNanos = System.nanoTime();
  private long startedNanos;
  private long firstNanos;
  private long lastNanos;
  private int completionTokens;
  private int cachedTokens;
  private int remoteCachedTokens;
  private long drafted;
  private long accepted;
  private long rounds;
  private int resumes;

  AnswerFigures(PreparedRequest request) {
    this.request = request;
  }

  void started(DecodeStarted started) {
    if (startedNanos == 0) {
      startedNanos = System.nanoTime();
      // Of a fork, what it shares with another sequence behind the prompt is there, too.
      cachedTokens = Math.min(started.getCachedTokens(), request.prompt().length);
      remoteCachedTokens = Math.min(started.getRemoteCachedTokens(), cachedTokens);
    }
  }

  /**
   * @param used how many of its tokens belong to the answer
   */
  void committed(Committed committed, int used) {
    lastNanos = System.nanoTime();
    firstNanos = firstNanos == 0 ? lastNanos : firstNanos;
    completionTokens += used;
    drafted += committed.getDrafted();
    accepted += committed.getAccepted();
    rounds += committed.getDrafted() > 0 ? 1 : 0;
  }

  /** Another target goes on with the tokens there are. */
  void resumed() {
    resumes++;
  }

  /**
   * @param summary the target's; none if a stop string ended the answer
   * @param drafts the answer's, as they were in the end
   */
  GenerationEvent.Finished finish(
      FinishReason reason, Optional<DecodeFinished> summary, DraftLink drafts) {
    return new GenerationEvent.Finished(
        reason,
        Usage.newBuilder()
            .setPromptTokens(request.prompt().length)
            .setCompletionTokens(completionTokens)
            .setCachedTokens(cachedTokens)
            .setRemoteCachedTokens(remoteCachedTokens)
            .build(),
        speculation(summary, drafts),
        summary.filter(_ -> resumes == 0).map(DecodeFinished::getTimings).orElseGet(this::timings),
        resumes,
        firstNanos == 0 ? 0 : ms(request.arrivedNanos(), firstNanos),
        ms(request.arrivedNanos(), System.nanoTime()));
  }

  private SpeculationStats speculation(Optional<DecodeFinished> summary, DraftLink drafts) {
    boolean exactDraws = drafts.exactDraws();
    String draftProblem = drafts.problem();
    SpeculationStats.Builder stats =
        summary
            .map(target -> target.getSpeculation().toBuilder())
            .orElseGet(() -> ownView(exactDraws));
    if (resumes > 0 && stats.getLosslessValue() < lossless(exactDraws).getNumber()) {
      // The last target knows nothing of what was drafted at those before it.
      stats.setLossless(lossless(exactDraws));
    }
    if (resumes > 0) {
      stats.clearSources();
    }
    if (draftProblem != null) {
      stats
          .setState("off")
          .setStatus(SpeculationStatus.SPECULATION_STATUS_OFF)
          .setReason(draftProblem);
    }
    return stats.setDrafted(drafted).setAccepted(accepted).setRounds(rounds).build();
  }

  private SpeculationStats.Builder ownView(boolean exactDraws) {
    return SpeculationStats.newBuilder()
        .setLossless(lossless(exactDraws))
        .setState(drafted > 0 ? "on" : "gated")
        .setStatus(
            drafted > 0
                ? SpeculationStatus.SPECULATION_STATUS_ON
                : SpeculationStatus.SPECULATION_STATUS_GATED)
        .setReason("a stop string ended the answer before the target summed up");
  }

  /** Drafts that carry a distribution may change draws, but greedy answers have none. */
  private Lossless lossless(boolean exactDraws) {
    SamplingParams sampling = request.request().getSampling();
    boolean greedy = sampling.hasTemperature() && sampling.getTemperature() == 0;
    return exactDraws || greedy ? Lossless.LOSSLESS_TOKEN : Lossless.LOSSLESS_DISTRIBUTION;
  }

  private Timings timings() {
    return Timings.newBuilder()
        .setQueueMs(ms(openedNanos, startedNanos))
        .setPrefillMs(ms(startedNanos, firstNanos))
        .setDecodeMs(ms(firstNanos, lastNanos))
        .build();
  }

  private static double ms(long fromNanos, long toNanos) {
    return (toNanos - fromNanos) / NANOS_PER_MS;
  }
}
