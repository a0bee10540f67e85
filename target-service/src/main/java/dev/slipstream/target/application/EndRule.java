package dev.slipstream.target.application;

import dev.slipstream.target.application.Outcome.Reason;
import java.util.Optional;

/** When an answer is over. */
final class EndRule {
  private EndRule() {}

  /** Why the sequence ends with the last token of its text, if it does. */
  static Optional<Reason> after(Decoding sequence, ServedModel model, int contextLength) {
    DecodeTask.Ending ending = sequence.task.ending();
    if (sequence.history.generated() > 0) {
      int last = sequence.history.token(sequence.history.length() - 1);
      boolean end = !ending.ignoreEnd() && model.tokens().end().contains(last);
      if (end || ending.stopTokens().contains(last)) {
        return Optional.of(Reason.STOP);
      }
    }
    return sequence.history.generated() >= ending.maxTokens()
            || sequence.history.length() >= contextLength
        ? Optional.of(Reason.LENGTH)
        : Optional.empty();
  }
}
