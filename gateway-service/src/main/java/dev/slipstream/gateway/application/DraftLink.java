package dev.slipstream.gateway.application;

import dev.slipstream.gateway.upstream.DraftCall;
import dev.slipstream.gateway.upstream.DraftEndpoint;
import dev.slipstream.proto.v1.Committed;
import dev.slipstream.proto.v1.CommittedToken;
import dev.slipstream.proto.v1.DraftNode;
import dev.slipstream.proto.v1.DraftOpen;
import dev.slipstream.proto.v1.Proposal;
import dev.slipstream.proto.v1.SpeculationMode;
import dev.slipstream.proto.v1.SpeculationOptions;
import dev.slipstream.proto.v1.TargetModel;
import io.grpc.Deadline;
import io.grpc.Status;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * One answer's stream to a draft service, or the reason why there is none. The answer never waits
 * for it and goes on if it breaks.
 */
final class DraftLink implements DraftCall.Listener {
  private final Consumer<Proposal> proposals;
  private final GatewayMetrics metrics;
  private final String tokenizerDigest;
  private final AtomicBoolean released = new AtomicBoolean();

  @SuppressWarnings("NullAway.Init") // Heard of only once it is connected.
  private DraftEndpoint endpoint;

  private @Nullable DraftCall call;
  private volatile @Nullable String problem;
  private volatile boolean exactDraws = true;

  private DraftLink(Consumer<Proposal> proposals, GatewayMetrics metrics, PreparedRequest request) {
    this.proposals = proposals;
    this.metrics = metrics;
    this.tokenizerDigest = request.model().card().getTokenizerDigest();
  }

  /** Before one is opened. */
  static DraftLink none(SequenceContext context, PreparedRequest request) {
    return new DraftLink(proposal -> {}, context.metrics(), request);
  }

  /**
   * @param begun tokens behind the prompt that are there already
   * @param deadline of the whole answer
   * @param proposals called by one thread at a time
   */
  static DraftLink open(
      SequenceContext context,
      PreparedRequest request,
      List<Integer> begun,
      String requestId,
      Deadline deadline,
      Consumer<Proposal> proposals) {
    DraftLink link = new DraftLink(proposals, context.metrics(), request);
    SpeculationOptions options = request.request().getSpeculation();
    TargetModel target = request.model().card();
    int limit = target.getMaxDraftTokens();
    if (options.getMode() == SpeculationMode.SPECULATION_MODE_OFF) {
      link.without("request", "speculation is off in the request");
    } else if (limit < 1) {
      link.without("target", "the target verifies no drafts");
    } else if (isHosted(options.getDrafter(), target)) {
      // Whether its drafts can change a draw is not seen from here.
      link.exactDraws = false;
    } else {
      int nodes =
          options.hasMaxDraftTokens() ? Math.min(limit, options.getMaxDraftTokens()) : limit;
      context
          .drafts()
          .select()
          .ifPresentOrElse(
              endpoint ->
                  link.connect(endpoint, opening(request, begun, requestId, nodes), deadline),
              () -> link.without("none", "no draft service is configured"));
    }
    return link;
  }

  /** Whether the target drafts for itself. */
  private static boolean isHosted(String drafter, TargetModel target) {
    return drafter.isEmpty()
        ? target.getDraftersCount() > 0
        : target.getDraftersList().contains(drafter);
  }

  private static DraftOpen opening(
      PreparedRequest request, List<Integer> begun, String requestId, int nodes) {
    return DraftOpen.newBuilder()
        .setRequestId(requestId)
        .setTokenizerDigest(request.model().card().getTokenizerDigest())
        .addAllPrompt(IntStream.of(request.prompt()).boxed().toList())
        .addAllPrompt(begun)
        .setDrafter(request.request().getSpeculation().getDrafter())
        .setMaxTokens(nodes)
        .setSampling(request.request().getSampling().toBuilder().clearSeed())
        .setTenant(request.caller().tenant())
        .setMaxTeacherTokens(request.model().card().getMaxTeacherTokens())
        .build();
  }

  private void connect(DraftEndpoint chosen, DraftOpen open, Deadline deadline) {
    endpoint = chosen;
    metrics.draftStreamOpened();
    call = chosen.open(open, deadline, this);
  }

  private void without(String reason, String text) {
    problem = text;
    metrics.draftStreamMissing(reason);
  }

  /** Why there are no drafts (any more), or null. */
  @Nullable String problem() {
    return problem;
  }

  /** Whether every proposal so far was one that cannot change a draw. */
  boolean exactDraws() {
    return exactDraws;
  }

  void committed(Committed committed) {
    if (call != null) {
      call.committed(
          committed.getBaseLength(),
          committed.getTokensList().stream().map(CommittedToken::getId).toList(),
          committed.getWantedDraftTokens(),
          committed.hasFeedback() ? List.of(committed.getFeedback()) : List.of());
    }
  }

  void close() {
    if (call != null) {
      call.cancel("the answer is over");
      release();
    }
  }

  private void release() {
    if (released.compareAndSet(false, true)) {
      endpoint.release();
      metrics.draftStreamClosed();
    }
  }

  @Override
  public void proposed(Proposal proposal) {
    endpoint.works();
    for (DraftNode node : proposal.getNodesList()) {
      exactDraws &= node.getQCount() == 0 && node.getQTokensCount() == 0;
    }
    proposals.accept(proposal);
  }

  @Override
  public void ended(Status status) {
    String detail = status.getDescription() == null ? "" : ": " + status.getDescription();
    problem =
        "the draft stream of %s ended with %s%s"
            .formatted(endpoint.name(), status.getCode(), detail);
    release();
    endpoint.failed(status, tokenizerDigest);
    metrics.draftStreamMissing(
        status.getCode() == Status.Code.FAILED_PRECONDITION
            ? "tokenizer_mismatch"
            : status.getCode().name().toLowerCase(Locale.ROOT));
  }
}
