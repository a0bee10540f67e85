package dev.slipstream.target.transport;

import static dev.slipstream.target.transport.InvalidRequestException.invalid;

import dev.slipstream.proto.v1.ScoreRequest;
import dev.slipstream.target.application.ScoreTask;
import dev.slipstream.target.application.ServedModel;
import dev.slipstream.wire.TokenCodec;
import java.util.ArrayList;
import java.util.List;

/** Checks requests for scores and turns them into what the decode loop takes. */
final class ScoreRequests {
  private static final int MAX_CONTINUATIONS = 256;

  private ScoreRequests() {}

  /**
   * @param contextLength most tokens of all continuations together
   * @throws InvalidRequestException naming the field that is wrong
   * @throws dev.slipstream.wire.MalformedMessageException the same
   */
  static ScoreTask task(ScoreRequest request, ServedModel model, int contextLength) {
    RequestFields.checkTokenizer(request.getTokenizerDigest(), model);
    int[] prefix = TokenCodec.decode("prefix", request.getPrefixList(), model.tokens().size());
    if (prefix.length == 0) {
      throw invalid("prefix is empty");
    }
    int count = request.getContinuationsCount();
    if (count == 0 || count > MAX_CONTINUATIONS) {
      throw invalid("there are %d continuations, but 1 to %d can be", count, MAX_CONTINUATIONS);
    }
    List<int[]> continuations = new ArrayList<>(count);
    int tokens = 0;
    for (int i = 0; i < count; i++) {
      String field = "continuations[%d].tokens".formatted(i);
      int[] continuation =
          TokenCodec.decode(
              field, request.getContinuations(i).getTokensList(), model.tokens().size());
      if (continuation.length == 0) {
        throw invalid("%s is empty", field);
      }
      continuations.add(continuation);
      tokens += continuation.length;
    }
    if (tokens > contextLength) {
      throw invalid(
          "the continuations have %d tokens together; the length of the context, %d, is the most",
          tokens, contextLength);
    }
    return new ScoreTask(
        RequestFields.caller(request.getRequestId(), request.getTenant()), prefix, continuations);
  }
}
