package dev.slipstream.draft.application;

import dev.slipstream.draft.application.DraftRefusedException.Reason;
import dev.slipstream.drafting.Drafter;
import dev.slipstream.drafting.Progress;
import dev.slipstream.drafting.ProposalSink;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

/** Opens streams within the limits of the service. */
public final class DraftStreams {
  private final Map<String, Drafter> drafters = new LinkedHashMap<>();
  private final Drafter defaultDrafter;
  private final DraftVocabulary vocabulary;
  private final DraftLimits limits;
  private final Executor executor;
  private final DraftMetrics metrics;
  private final AtomicInteger streams = new AtomicInteger();
  private final AtomicLong indexedTokens = new AtomicLong();

  /**
   * @param defaultDrafter name of one of the drafters
   * @param executor runs the drafters
   * @throws IllegalArgumentException if there is no drafter of that name
   */
  public DraftStreams(
      List<Drafter> drafters,
      String defaultDrafter,
      DraftVocabulary vocabulary,
      DraftLimits limits,
      Executor executor,
      DraftMetrics metrics) {
    drafters.forEach(drafter -> this.drafters.put(drafter.name(), drafter));
    this.drafters.keySet().forEach(metrics::of);
    Drafter chosen = this.drafters.get(defaultDrafter);
    if (chosen == null) {
      throw new IllegalArgumentException(
          "the default drafter '%s' is none of %s"
              .formatted(defaultDrafter, this.drafters.keySet()));
    }
    this.defaultDrafter = chosen;
    this.vocabulary = vocabulary;
    this.limits = limits;
    this.executor = executor;
    this.metrics = metrics;
    metrics.watchStreams(streams);
  }

  public List<Drafter> drafters() {
    return List.copyOf(drafters.values());
  }

  public Drafter defaultDrafter() {
    return defaultDrafter;
  }

  public DraftVocabulary vocabulary() {
    return vocabulary;
  }

  /**
   * Begins to follow a text; the first proposal continues the prompt.
   *
   * @throws DraftRefusedException if the stream cannot be served
   */
  public DraftStream open(DraftOpening opening, ProposalSink sink) {
    if (!vocabulary.admits(opening.tokenizerDigest())) {
      throw refusal(
          Reason.TOKENIZER_MISMATCH,
          "the target's tokenizer is %s, but this draft service's is %s: pair it with a target of the same tokenizer"
              .formatted(opening.tokenizerDigest(), vocabulary.tokenizerDigest()));
    }
    Drafter drafter = drafter(opening.drafter());
    if (opening.maxTokens() < 1) {
      throw refusal(Reason.INVALID, "max_tokens must be at least 1, but is " + opening.maxTokens());
    }
    if (opening.prompt().length == 0) {
      throw refusal(Reason.INVALID, "the prompt is empty");
    }
    if (streams.incrementAndGet() > limits.maxStreams()) {
      streams.decrementAndGet();
      throw refusal(
          Reason.EXHAUSTED, "all " + limits.maxStreams() + " streams of this service are taken");
    }
    DraftStream stream = newStream(drafter, opening, sink);
    try {
      stream.commit(0, Progress.of(opening.prompt()), 1);
    } catch (RuntimeException | Error e) {
      stream.close();
      throw e;
    }
    return stream;
  }

  /** A drafter that cannot begin must not keep the place that was taken for it. */
  private DraftStream newStream(Drafter drafter, DraftOpening opening, ProposalSink sink) {
    try {
      return new DraftStream(this, drafter, opening.context(), opening.maxTokens(), sink);
    } catch (RuntimeException | Error e) {
      streams.decrementAndGet();
      throw e;
    }
  }

  private Drafter drafter(String name) {
    Drafter drafter = name.isEmpty() ? defaultDrafter : drafters.get(name);
    if (drafter == null) {
      throw refusal(
          Reason.UNKNOWN_DRAFTER,
          "there is no drafter '%s'; there are: %s"
              .formatted(name, String.join(", ", drafters.keySet())));
    }
    return drafter;
  }

  /** Admits tokens to a stream of {@code length}, or refuses them. */
  void admit(int length, int[] tokens) {
    for (int i = 0; i < tokens.length; i++) {
      if (tokens[i] < 0 || tokens[i] >= vocabulary.size()) {
        throw refusal(
            Reason.INVALID,
            "token %d at position %d of the text is outside the vocabulary of %d"
                .formatted(tokens[i], length + i, vocabulary.size()));
      }
    }
    if (tokens.length > limits.maxContext() - length) {
      throw refusal(
          Reason.EXHAUSTED,
          "a text of %d tokens; this service follows texts of up to %d"
              .formatted((long) length + tokens.length, limits.maxContext()));
    }
    if (indexedTokens.addAndGet(tokens.length) > limits.maxIndexedTokens()) {
      indexedTokens.addAndGet(-tokens.length);
      throw refusal(
          Reason.EXHAUSTED,
          "the texts being followed have %d tokens in all, the most that this service keeps"
              .formatted(indexedTokens.get()));
    }
  }

  void closed(int length) {
    streams.decrementAndGet();
    indexedTokens.addAndGet(-length);
  }

  DraftRefusedException refusal(Reason reason, String message) {
    metrics.refused(reason);
    return new DraftRefusedException(reason, message);
  }

  DraftLimits limits() {
    return limits;
  }

  Executor executor() {
    return executor;
  }

  DraftMetrics metrics() {
    return metrics;
  }
}
