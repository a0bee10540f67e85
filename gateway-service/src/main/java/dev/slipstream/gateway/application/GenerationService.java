package dev.slipstream.gateway.application;

import dev.slipstream.gateway.upstream.Drafts;
import dev.slipstream.gateway.upstream.ServedModel;
import dev.slipstream.gateway.upstream.Targets;
import dev.slipstream.proto.v1.GenerateRequest;
import io.grpc.Deadline;
import io.micrometer.context.ContextSnapshotFactory;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import reactor.core.publisher.Flux;
import reactor.core.publisher.FluxSink;
import reactor.core.publisher.Mono;
import reactor.util.context.ContextView;

/** The use cases, shared by HTTP and gRPC. */
public final class GenerationService {
  private static final ContextSnapshotFactory SNAPSHOTS = ContextSnapshotFactory.builder().build();
  private static final Duration LOOK_AGAIN = Duration.ofMillis(100);

  private final Targets targets;
  private final Drafts drafts;
  private final FairWorkers workers;
  private final Defects defects;
  private final GatewayMetrics metrics;
  private final GenerationSettings settings;
  private final Admission admission;
  private final Suspects suspects = new Suspects(System::nanoTime);
  private final Quarantine quarantine;

  /**
   * @param workers threads for templates and tokenisation
   */
  public GenerationService(
      Targets targets,
      Drafts drafts,
      FairWorkers workers,
      Defects defects,
      GatewayMetrics metrics,
      GenerationSettings settings) {
    this.targets = targets;
    this.drafts = drafts;
    this.workers = workers;
    this.defects = defects;
    this.metrics = metrics;
    this.settings = settings;
    this.admission = new Admission(settings.maxAnswers(), metrics);
    this.quarantine = new Quarantine(settings.quarantine(), System::nanoTime, metrics);
  }

  /** The models that can be used now, by id. */
  public Map<String, ServedModel> models() {
    return targets.models();
  }

  /**
   * The model with this name; empty means the only one.
   *
   * @throws ApiException if there is none
   */
  public ServedModel model(String name) {
    Map<String, ServedModel> models = targets.models();
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
    ServedModel model = models.get(name);
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
                            .take(settings.patience())))
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
          ServedModel served = model(model);
          RequestValidator.checkTokens("tokens", tokens, served);
          return served.tokenizer().decode(tokens.stream().mapToInt(i -> i).toArray());
        });
  }

  private PreparedRequest prepareNow(
      GenerateRequest request, String user, Caller caller, long arrived) {
    ServedModel model = model(request.getModel());
    RequestValidator.check(request, model);
    checkDrafter(request.getSpeculation().getDrafter(), model);
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
  private void checkDrafter(String drafter, ServedModel model) {
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
   * Generates one answer; fails with an {@link ApiException}. Cancelling ends it at the target's
   * next step.
   *
   * @param choice number of this answer among several to the same request
   */
  public Flux<GenerationEvent> generate(PreparedRequest prepared, String requestId, int choice) {
    return Flux.deferContextual(
            context ->
                quarantine
                    .refusal(prepared)
                    .map(refusal -> Flux.<GenerationEvent>error(new ApiException(refusal)))
                    .orElseGet(() -> answer(prepared, requestId, choice, context)))
        .transform(events -> metrics.observe(events, prepared, requestId, defects))
        .transform(admission::bounded);
  }

  private Flux<GenerationEvent> answer(
      PreparedRequest prepared, String requestId, int choice, ContextView context) {
    return Flux.create(
        sink -> {
          // The calls upstream belong to the request's trace; its events need none.
          try (var scope = SNAPSHOTS.setThreadLocalsFrom(context)) {
            run(prepared, requestId, choice, sink);
          } catch (RuntimeException | Error e) {
            sink.error(defects.failure("request " + requestId, e));
          }
        });
  }

  private void run(
      PreparedRequest prepared, String requestId, int choice, FluxSink<GenerationEvent> sink) {
    Deadline deadline = Deadline.after(settings.answerLimit().toMillis(), TimeUnit.MILLISECONDS);
    Generation generation =
        new Generation(
            prepared,
            requestId,
            prepared.seed() + choice,
            targets,
            suspects,
            quarantine,
            defects,
            metrics,
            settings,
            deadline,
            new SinkListener(sink));
    sink.onDispose(generation::cancel);
    // A draft may be faster than the target's stream is opened; its newest proposal waits for that.
    generation.start(
        DraftLink.open(drafts, metrics, prepared, requestId, deadline, generation::propose));
  }

  private record SinkListener(FluxSink<GenerationEvent> sink) implements Generation.Listener {
    @Override
    public void event(GenerationEvent event) {
      sink.next(event);
    }

    @Override
    public void failed(ApiException failure) {
      sink.error(failure);
    }

    @Override
    public void completed() {
      sink.complete();
    }
  }
}
