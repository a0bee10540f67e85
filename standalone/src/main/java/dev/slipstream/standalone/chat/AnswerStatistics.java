package dev.slipstream.standalone.chat;

import dev.slipstream.proto.v1.GenerationFinished;
import dev.slipstream.proto.v1.Lossless;
import dev.slipstream.proto.v1.SpeculationStats;
import java.util.Locale;

/**
 * What is worth knowing about an answer.
 *
 * @param finished as the gateway reports it
 * @param firstTokenMillis from asking to the first text, as seen here; negative if there was none
 */
public record AnswerStatistics(GenerationFinished finished, double firstTokenMillis) {

  /** Tokens after the first, divided by the time they took; 0 if there were none. */
  double tokensPerSecond() {
    int later = finished.getUsage().getCompletionTokens() - 1;
    double seconds = finished.getTimings().getDecodeMs() / 1e3;
    return later > 0 && seconds > 0 ? later / seconds : 0;
  }

  /** Tokens committed by a verification round on average: 1 is what plain decoding commits. */
  double acceptanceLength() {
    SpeculationStats s = finished.getSpeculation();
    return s.getRounds() == 0 ? 1 : 1 + (double) s.getAccepted() / s.getRounds();
  }

  /** One line for people. */
  public String line() {
    SpeculationStats s = finished.getSpeculation();
    return String.format(
        Locale.ROOT,
        "%d tokens, %.1f tokens/s, first token after %.0f ms; speculation %s%s: %d drafted, %d"
            + " accepted, acceptance length %.2f; lossless: %s",
        finished.getUsage().getCompletionTokens(),
        tokensPerSecond(),
        firstTokenMillis,
        s.getState(),
        s.getReason().isEmpty() ? "" : " (" + s.getReason() + ")",
        s.getDrafted(),
        s.getAccepted(),
        acceptanceLength(),
        label(s.getLossless()));
  }

  private static String label(Lossless lossless) {
    return switch (lossless) {
      case LOSSLESS_TOKEN -> "token";
      case LOSSLESS_DISTRIBUTION -> "distribution";
      case LOSSLESS_NONE -> "none";
      case LOSSLESS_UNSPECIFIED, UNRECOGNIZED -> "not stated";
    };
  }
}
