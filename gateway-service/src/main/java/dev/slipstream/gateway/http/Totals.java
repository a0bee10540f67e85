package dev.slipstream.gateway.http;

import dev.slipstream.gateway.spi.GenerationEvent.Finished;
import dev.slipstream.proto.v1.Lossless;
import dev.slipstream.proto.v1.SpeculationStats;
import dev.slipstream.proto.v1.Usage;
import java.util.List;
import java.util.function.ToDoubleFunction;
import java.util.function.ToIntFunction;
import java.util.function.ToLongFunction;

/** Adds up what is known about finished choices. */
final class Totals {
  private Totals() {}

  /**
   * @param siblings consecutive choices with the same prompt, which counts once: as cached is what
   *     the one found that computed the rest for all
   */
  static Body.Usage usage(List<Choice> choices, int siblings) {
    int prompt = 0;
    int cached = 0;
    int completion = 0;
    for (int first = 0; first < choices.size(); first += siblings) {
      int least = Integer.MAX_VALUE;
      for (Choice choice : choices.subList(first, first + siblings)) {
        Usage usage = choice.finished().usage();
        completion += usage.getCompletionTokens();
        least = Math.min(least, usage.getCachedTokens());
      }
      prompt += choices.get(first).finished().usage().getPromptTokens();
      cached += least;
    }
    return new Body.Usage(
        prompt, completion, prompt + completion, new Body.PromptTokensDetails(cached));
  }

  static Body.Figures figures(List<Choice> choices) {
    List<Finished> all = choices.stream().map(Choice::finished).toList();
    long accepted = sum(all, SpeculationStats::getAccepted);
    long rounds = sum(all, SpeculationStats::getRounds);
    SpeculationStats first = all.getFirst().speculation();
    return new Body.Figures(
        new Body.DraftFigures(
            sum(all, SpeculationStats::getDrafted),
            accepted,
            rounds,
            rounds == 0 ? null : 1 + (double) accepted / rounds,
            lossless(all),
            state(first),
            first.getReason()),
        new Body.PrefixHits(
            count(all, finished -> finished.usage().getCachedTokens()),
            count(all, finished -> finished.usage().getRemoteCachedTokens())),
        count(all, Finished::resumes),
        new Body.TimingsMs(
            max(all, finished -> finished.timings().getQueueMs()),
            max(all, finished -> finished.timings().getPrefillMs()),
            max(all, finished -> finished.timings().getDecodeMs()),
            max(all, Finished::totalMs),
            max(all, Finished::firstTokenMs)));
  }

  private static String state(SpeculationStats stats) {
    return switch (stats.getStatus()) {
      case SPECULATION_STATUS_ON -> "on";
      case SPECULATION_STATUS_GATED -> "gated";
      case SPECULATION_STATUS_OFF -> "off";
      // A target of a version before says it in words only.
      case SPECULATION_STATUS_UNSPECIFIED, UNRECOGNIZED -> stats.getState();
    };
  }

  /** The weakest promise of all choices. */
  private static String lossless(List<Finished> all) {
    int weakest =
        all.stream()
            .mapToInt(finished -> finished.speculation().getLosslessValue())
            .max()
            .orElse(0);
    return switch (Lossless.forNumber(weakest)) {
      case LOSSLESS_TOKEN, LOSSLESS_UNSPECIFIED -> "token";
      case LOSSLESS_DISTRIBUTION -> "distribution";
      case LOSSLESS_NONE, UNRECOGNIZED -> "none";
      case null -> "none";
    };
  }

  private static long sum(List<Finished> all, ToLongFunction<SpeculationStats> value) {
    return all.stream().mapToLong(finished -> value.applyAsLong(finished.speculation())).sum();
  }

  private static int count(List<Finished> all, ToIntFunction<Finished> value) {
    return all.stream().mapToInt(value).sum();
  }

  private static double max(List<Finished> all, ToDoubleFunction<Finished> value) {
    double max = all.stream().mapToDouble(value).max().orElse(0);
    return Math.round(max * 1000) / 1000.0;
  }
}
