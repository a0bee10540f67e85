package dev.slipstream.gateway.http;

import dev.slipstream.proto.v1.CommittedToken;
import dev.slipstream.text.tokenizer.Tokenizer;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** What chat and plain completions show differently. */
interface AnswerFormat {

  /** The start of the response's id. */
  String idPrefix();

  /** The response's {@code object}. */
  String object(boolean stream);

  /** Whether prompt token ids stand beside the choices and not in them. */
  boolean promptIdsOnTop();

  /** What a stream says about a choice before its first text, if anything. */
  Optional<Object> opening(int index, @Nullable List<Integer> promptIds);

  /**
   * A piece of a choice in a stream.
   *
   * @param logprobs null if not asked for
   * @param tokenIds null if not asked for
   */
  Object piece(int index, String text, @Nullable Object logprobs, @Nullable List<Integer> tokenIds);

  /** The end of a choice in a stream. */
  Object ending(int index, String finishReason);

  /** A whole choice; parameters as above. */
  Object whole(
      int index,
      String text,
      @Nullable Object logprobs,
      String finishReason,
      @Nullable List<Integer> tokenIds,
      @Nullable List<Integer> promptIds);

  /**
   * Log-probabilities of consecutive tokens.
   *
   * @param textOffset characters of the choice's text before these tokens
   */
  Object logprobs(Tokenizer tokenizer, List<CommittedToken> tokens, int textOffset);
}
