package dev.slipstream.target.application;

import dev.slipstream.target.application.Outcome.Reason;
import java.util.Optional;

/** When an answer is over. */
final class EndRule {
  private EndRule() {}

  /** Why the sequence ends with the last token of its text, if it does. */
  static Optional<Reason> after(Sequence sequence, ServedModel model, int contextLength) {
    DecodeTask task = sequence.task;
    if (sequence.history.generated() > 0) {
      int last = sequence.history.token(sequence.history.length() - 1);
      boolean end = !task.ignoreEnd() && model.endTokens().contains(last);
      if (end || task.stopTokens().contains(last)) {
        return Optional.of(Reason.STOP);
      }
    }
    return sequence.history.generated() >= task.maxTokens()
            || sequence.history.length() >= contextLength
        ? Optional.of(Reason.LENGTH)
        : Optional.empty();
  }
}
