package dev.slipstream.gateway.spi;

import dev.slipstream.proto.v1.CommittedToken;
import dev.slipstream.proto.v1.FinishReason;
import dev.slipstream.proto.v1.SpeculationStats;
import dev.slipstream.proto.v1.Timings;
import dev.slipstream.proto.v1.Usage;
import java.util.List;

/** What happens to one answer: started, then chunks, then finished. */
public sealed interface GenerationEvent {

  /** A target has taken the sequence into its batch. */
  record Started() implements GenerationEvent {}

  /**
   * Text that will not be taken back, and the tokens decided meanwhile. Text may lag behind tokens:
   * incomplete characters and possible beginnings of stop strings are held back.
   */
  record Chunk(String text, List<CommittedToken> tokens) implements GenerationEvent {}

  /**
   * @param timings as the target measured them, or as seen from here if a stop string ended the
   *     answer or more than one target worked on it
   * @param resumes how often another target went on with tokens of one that was lost
   * @param firstTokenMs from the request's arrival to its first token; 0 if there was none
   * @param totalMs from the request's arrival to the end
   */
  record Finished(
      FinishReason reason,
      Usage usage,
      SpeculationStats speculation,
      Timings timings,
      int resumes,
      double firstTokenMs,
      double totalMs)
      implements GenerationEvent {}
}
