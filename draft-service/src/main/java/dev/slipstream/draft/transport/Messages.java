package dev.slipstream.draft.transport;

import dev.slipstream.draft.application.DraftOpening;
import dev.slipstream.draft.application.DraftRefusedException;
import dev.slipstream.draft.application.DraftStreams;
import dev.slipstream.draft.application.Proposed;
import dev.slipstream.draft.drafter.Drafter;
import dev.slipstream.engine.speculation.DraftDistribution;
import dev.slipstream.engine.speculation.DraftTree;
import dev.slipstream.proto.v1.DraftNode;
import dev.slipstream.proto.v1.DraftOpen;
import dev.slipstream.proto.v1.DraftResponse;
import dev.slipstream.proto.v1.DrafterCard;
import dev.slipstream.proto.v1.ListDraftersResponse;
import dev.slipstream.proto.v1.Proposal;
import dev.slipstream.proto.v1.TokenProbability;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.util.List;

/** From protobuf to our types and back. */
final class Messages {
  private Messages() {}

  static DraftOpening opening(DraftOpen open) {
    return new DraftOpening(
        open.getTokenizerDigest(),
        tokens(open.getPromptList()),
        open.getDrafter(),
        open.getMaxTokens());
  }

  static int[] tokens(List<Integer> tokens) {
    return tokens.stream().mapToInt(Integer::intValue).toArray();
  }

  static DraftResponse response(Proposed proposed) {
    DraftTree tree = proposed.tree();
    Proposal.Builder proposal =
        Proposal.newBuilder()
            .setEpoch(proposed.epoch())
            .setBaseLength(proposed.baseLength())
            .setDrafter(proposed.drafter());
    for (int n = 0; n < tree.size(); n++) {
      proposal.addNodes(node(tree, n));
    }
    return DraftResponse.newBuilder().setProposal(proposal).build();
  }

  private static DraftNode node(DraftTree tree, int n) {
    DraftNode.Builder node =
        DraftNode.newBuilder().setToken(tree.token(n)).setParent(tree.parent(n));
    DraftDistribution q = tree.distribution(n);
    for (int i = 0; q != null && i < q.size(); i++) {
      node.addQ(
          TokenProbability.newBuilder()
              .setToken(q.token(i))
              .setProbability((float) q.probability(i)));
    }
    return node.build();
  }

  static ListDraftersResponse drafters(DraftStreams streams) {
    ListDraftersResponse.Builder response =
        ListDraftersResponse.newBuilder()
            .setTokenizerDigest(streams.vocabulary().tokenizerDigest());
    for (Drafter drafter : streams.drafters()) {
      response.addDrafters(
          DrafterCard.newBuilder()
              .setName(drafter.name())
              .setDescription(drafter.description())
              .setIsDefault(drafter == streams.defaultDrafter()));
    }
    return response.build();
  }

  static StatusRuntimeException status(DraftRefusedException refusal) {
    Status status =
        switch (refusal.reason()) {
          case INVALID -> Status.INVALID_ARGUMENT;
          case UNKNOWN_DRAFTER -> Status.NOT_FOUND;
          case TOKENIZER_MISMATCH -> Status.FAILED_PRECONDITION;
          case EXHAUSTED -> Status.RESOURCE_EXHAUSTED;
        };
    return status.withDescription(refusal.getMessage()).asRuntimeException();
  }
}
