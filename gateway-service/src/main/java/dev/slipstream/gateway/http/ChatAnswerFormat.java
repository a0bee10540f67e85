package dev.slipstream.gateway.http;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonInclude.Include;
import dev.slipstream.proto.v1.CommittedToken;
import dev.slipstream.proto.v1.TokenLogprob;
import dev.slipstream.text.tokenizer.Tokenizer;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** {@code chat.completion} objects. */
final class ChatAnswerFormat implements AnswerFormat {

  private record Delta(
      @JsonInclude(Include.NON_NULL) @Nullable String role,
      @JsonInclude(Include.NON_NULL) @Nullable String content) {}

  private record ChunkChoice(
      int index,
      Delta delta,
      @Nullable Object logprobs,
      @Nullable String finishReason,
      @JsonInclude(Include.NON_NULL) @Nullable List<Integer> tokenIds) {}

  private record Message(String role, String content, @Nullable String refusal) {}

  private record Choice(
      int index,
      Message message,
      @Nullable Object logprobs,
      String finishReason,
      @JsonInclude(Include.NON_NULL) @Nullable List<Integer> tokenIds) {}

  private record Logprobs(List<Token> content, @Nullable String refusal) {}

  private record Token(
      String token, float logprob, Optional<List<Integer>> bytes, List<Alternative> topLogprobs) {}

  private record Alternative(String token, float logprob, Optional<List<Integer>> bytes) {}

  @Override
  public String idPrefix() {
    return "chatcmpl-";
  }

  @Override
  public String object(boolean stream) {
    return stream ? "chat.completion.chunk" : "chat.completion";
  }

  @Override
  public boolean promptIdsOnTop() {
    return true;
  }

  @Override
  public Optional<Object> opening(int index, @Nullable List<Integer> promptIds) {
    return Optional.of(new ChunkChoice(index, new Delta("assistant", ""), null, null, null));
  }

  @Override
  public Object piece(
      int index, String text, @Nullable Object logprobs, @Nullable List<Integer> tokenIds) {
    return new ChunkChoice(index, new Delta(null, text), logprobs, null, tokenIds);
  }

  @Override
  public Object ending(int index, String finishReason) {
    return new ChunkChoice(index, new Delta(null, null), null, finishReason, null);
  }

  @Override
  public Object whole(
      int index,
      String text,
      @Nullable Object logprobs,
      String finishReason,
      @Nullable List<Integer> tokenIds,
      @Nullable List<Integer> promptIds) {
    return new Choice(
        index, new Message("assistant", text, null), logprobs, finishReason, tokenIds);
  }

  @Override
  public Object logprobs(Tokenizer tokenizer, List<CommittedToken> tokens, int textOffset) {
    return new Logprobs(tokens.stream().map(token -> token(tokenizer, token)).toList(), null);
  }

  private static Token token(Tokenizer tokenizer, CommittedToken token) {
    return new Token(
        TokenText.of(tokenizer, token.getId()),
        token.getLogprob(),
        TokenText.bytes(tokenizer, token.getId()),
        token.getTopLogprobsList().stream().map(top -> alternative(tokenizer, top)).toList());
  }

  private static Alternative alternative(Tokenizer tokenizer, TokenLogprob top) {
    return new Alternative(
        TokenText.of(tokenizer, top.getToken()),
        top.getLogprob(),
        TokenText.bytes(tokenizer, top.getToken()));
  }
}
