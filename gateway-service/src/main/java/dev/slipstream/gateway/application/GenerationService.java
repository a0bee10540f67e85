package dev.slipstream.gateway.application;

import dev.slipstream.gateway.spi.AnswerEvent;
import dev.slipstream.gateway.spi.AnswerRequest;
import dev.slipstream.gateway.spi.AnswerStrategy;
import dev.slipstream.gateway.spi.GenerationEvent;
import dev.slipstream.gateway.upstream.Drafts;
import dev.slipstream.gateway.upstream.Targets;
import dev.slipstream.gateway.upstream.UpstreamModel;
import dev.slipstream.proto.v1.GenerateRequest;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.IntFunction;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** The use cases, shared by HTTP and gRPC. */
public final class GenerationService {
  private static final Duration LOOK_AGAIN = Duration.ofMillis(100);

  private final Targets targets;
  private final Drafts drafts;
  private final FairWorkers workers;
  private final GenerationSettings settings;
  private final Admission admission;
  private final SequenceContext sequences;
  private final AnswerStrategies strategies;

  /**
   * @param workers threads for templates and tokenisation
   * @param strategies in the order in which they are asked whether a request suits them
   */
  public GenerationService(
      Targets targets,
      Drafts drafts,
      FairWorkers workers,
      Defects defects,
      GatewayMetrics metrics,
      GenerationSettings settings,
      List<AnswerStrategy> strategies) {
    this.targets = targets;
    this.drafts = drafts;
    this.workers = workers;
    this.settings = settings;
    this.admission = new Admission(settings.maxAnswers(), metrics);
    this.sequences =
        new SequenceContext(
            targets,
            drafts,
            new Suspects(System::nanoTime),
            new Quarantine(settings.quarantine(), System::nanoTime, metrics),
            defects,
            metrics,
            settings);
    this.strategies = new AnswerStrategies(strategies);
  }

  /** The models that can be used now, by id. */
  public Map<String, UpstreamModel> models() {
    return targets.models();
  }

  /**
   * The model with this name; empty means the only one.
   *
   * @throws ApiException if there is none
   */
  public UpstreamModel model(String name) {
    Map<String, UpstreamModel> models = targets.models();
    if (models.isEmpty()) {
      throw new ApiException(UpstreamErrors.noTarget(targets));
    }
    if (name.isEmpty() && models.size() == 1) {
      return models.values().iterator().next();
    }
    if (name.isEmpty()) {
      throw ApiException.invalid(
          "model", "Several models are served; say which: " + models.keySet());
    }
    UpstreamModel model = models.get(name);
    if (model == null) {
      throw new ApiException(
          new ApiError.UnknownModel(
              "The model '%s' does not exist. Served: %s."
                  .formatted(ErrorText.shortened(name), String.join(", ", models.keySet()))));
    }
    return model;
  }

  /**
   * Checks a request and makes tokens of its prompt, as soon as there is a target; fails with an
   * {@link ApiException}.
   */
  public Mono<PreparedRequest> prepare(GenerateRequest request, String user, Caller caller) {
    long arrived = System.nanoTime();
    long bytes = request.getSerializedSize();
    return firstTarget()
        .then(workers.run(caller, bytes, () -> prepareNow(request, user, caller, arrived)));
  }

  /**
   * Ends when there is a target, or after all patience: one that is ready is found some seconds
   * later, when names are looked up again.
   */
  private Mono<Void> firstTarget() {
    return Flux.defer(
            () ->
                needNotWait()
                    ? Flux.empty()
                    : admission.bounded(
                        Flux.interval(LOOK_AGAIN)
                            .onBackpressureDrop()
                            .takeUntil(tick -> needNotWait())
                            .take(settings.patience()),
                        1))
        .then();
  }

  private boolean needNotWait() {
    return targets.isLeaving() || !targets.models().isEmpty();
  }

  /**
   * Runs work that takes time, such as parsing, off the event loops.
   *
   * @param bytes of the request
   */
  public <T> Mono<T> onWorker(Caller caller, long bytes, Callable<T> work) {
    return workers.run(caller, bytes, work);
  }

  /**
   * Token ids of a text.
   *
   * @param addSpecial whether to add the tokens that the model wants around a text
   * @param parseSpecial whether to recognise special tokens in the text
   */
  public Mono<int[]> tokenize(
      String model, String text, boolean addSpecial, boolean parseSpecial, Caller caller) {
    return onWorker(
        caller,
        text.length(),
        () -> model(model).tokenizer().encode(text, addSpecial, parseSpecial));
  }

  /** The text of token ids. */
  public Mono<String> detokenize(String model, List<Integer> tokens, Caller caller) {
    return onWorker(
        caller,
        (long) Integer.BYTES * tokens.size(),
        () -> {
          UpstreamModel served = model(model);
          RequestValidator.checkTokens("tokens", tokens, served);
          return served.tokenizer().decode(tokens.stream().mapToInt(i -> i).toArray());
        });
  }

  private PreparedRequest prepareNow(
      GenerateRequest request, String user, Caller caller, long arrived) {
    UpstreamModel model = model(request.getModel());
    RequestValidator.check(request, model);
    checkDrafter(request.getSpeculation().getDrafter(), model);
    strategies.named(request.getStrategy());
    int[] prompt = PromptEncoder.encode(model, request);
    caller.usePrompt(prompt.length);
    long seed =
        request.getSampling().hasSeed()
            ? request.getSampling().getSeed()
            : ThreadLocalRandom.current().nextLong();
    // An answer may take long, and its prompt be a large text; completions may echo theirs.
    GenerateRequest kept = request.hasText() ? request : request.toBuilder().clearPrompt().build();
    return new PreparedRequest(kept, user, caller, model, prompt, seed, arrived);
  }

  /** A misspelt drafter would otherwise only show as an answer without drafts. */
  private void checkDrafter(String drafter, UpstreamModel model) {
    if (!drafter.isEmpty() && !model.card().getDraftersList().contains(drafter)) {
      drafts
          .othersThan(drafter)
          .ifPresent(
              known -> {
                throw ApiException.invalid(
                    RequestValidator.DRAFTER_PARAM,
                    "There is no drafter '%s'. There are: %s."
                        .formatted(drafter, String.join(", ", known)),
                    "invalid_value");
              });
    }
  }

  /**
   * Generates the answers to a prompt; fails with an {@link ApiException}. Cancelling ends them at
   * the target's next step.
   *
   * @param n answers that are wanted
   * @param bestOf answers that are made for it; at least {@code n}
   * @param ids under which services and logs know them, by number from 0 on
   */
  public Flux<AnswerEvent> answers(
      PreparedRequest prepared, int n, int bestOf, IntFunction<String> ids) {
    AnswerRequest request =
        new AnswerRequest(prepared.request().getStrategy(), n, bestOf, prepared.seed());
    return Flux.defer(
            () ->
                strategies
                    .select(request)
                    .answers(request, new TargetSequences(prepared, sequences, ids))
                    .map(new AnswerTokens()::count))
        .onErrorMap(cause -> sequences.defects().failure("request " + ids.apply(0), cause))
        .transform(events -> admission.bounded(events, bestOf));
  }

  /** Generates one answer; fails with an {@link ApiException}. */
  public Flux<GenerationEvent> answer(PreparedRequest prepared, String requestId) {
    return answers(prepared, 1, 1, number -> requestId).map(AnswerEvent::event);
  }
}
