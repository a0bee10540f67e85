package dev.slipstream.gateway.application;

import dev.slipstream.gateway.spi.AnswerEvent;
import dev.slipstream.gateway.spi.GenerationEvent;
import java.util.HashMap;
import java.util.Map;

/**
 * Counts what answers consist of. A strategy may make one of several sequences, and each of these
 * knows of its own tokens only. Not thread-safe.
 */
final class AnswerTokens {
  private final Map<Integer, Integer> byChoice = new HashMap<>();

  /** The event as the client is to see it. */
  AnswerEvent count(AnswerEvent event) {
    int choice = event.choice();
    return switch (event.event()) {
      case GenerationEvent.Started() -> event;
      case GenerationEvent.Chunk chunk -> {
        byChoice.merge(choice, chunk.tokens().size(), Integer::sum);
        yield event;
      }
      case GenerationEvent.Finished end ->
          new AnswerEvent(choice, whole(end, byChoice.getOrDefault(choice, 0)));
    };
  }

  private static GenerationEvent.Finished whole(GenerationEvent.Finished end, int tokens) {
    return new GenerationEvent.Finished(
        end.reason(),
        end.usage().toBuilder().setCompletionTokens(tokens).build(),
        end.speculation(),
        end.timings(),
        end.resumes(),
        end.firstTokenMs(),
        end.totalMs());
  }
}
