package dev.slipstream.gateway.http;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonInclude.Include;
import dev.slipstream.proto.v1.CommittedToken;
import dev.slipstream.proto.v1.TokenLogprob;
import dev.slipstream.text.tokenizer.Tokenizer;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** {@code text_completion} objects. */
final class CompletionAnswerFormat implements AnswerFormat {

  private record Choice(
      int index,
      String text,
      @Nullable Object logprobs,
      @Nullable String finishReason,
      @JsonInclude(Include.NON_NULL) @Nullable List<Integer> tokenIds,
      @JsonInclude(Include.NON_NULL) @Nullable List<Integer> promptTokenIds) {}

  private record Logprobs(
      List<String> tokens,
      List<Float> tokenLogprobs,
      List<Map<String, Float>> topLogprobs,
      List<Integer> textOffset) {}

  @Override
  public String idPrefix() {
    return "cmpl-";
  }

  @Override
  public String object(boolean stream) {
    return "text_completion";
  }

  @Override
  public boolean promptIdsOnTop() {
    return false;
  }

  @Override
  public Optional<Object> opening(int index, @Nullable List<Integer> promptIds) {
    return promptIds == null
        ? Optional.empty()
        : Optional.of(new Choice(index, "", null, null, null, promptIds));
  }

  @Override
  public Object piece(
      int index, String text, @Nullable Object logprobs, @Nullable List<Integer> tokenIds) {
    return new Choice(index, text, logprobs, null, tokenIds, null);
  }

  @Override
  public Object ending(int index, String finishReason) {
    return new Choice(index, "", null, finishReason, null, null);
  }

  @Override
  public Object whole(
      int index,
      String text,
      @Nullable Object logprobs,
      String finishReason,
      @Nullable List<Integer> tokenIds,
      @Nullable List<Integer> promptIds) {
    return new Choice(index, text, logprobs, finishReason, tokenIds, promptIds);
  }

  @Override
  public Object logprobs(Tokenizer tokenizer, List<CommittedToken> tokens, int textOffset) {
    List<String> texts = new ArrayList<>();
    List<Float> logprobs = new ArrayList<>();
    List<Map<String, Float>> tops = new ArrayList<>();
    List<Integer> offsets = new ArrayList<>();
    int offset = textOffset;
    for (CommittedToken token : tokens) {
      String text = TokenText.distinct(tokenizer, token.getId());
      texts.add(text);
      logprobs.add(token.getLogprob());
      tops.add(top(tokenizer, text, token));
      offsets.add(offset);
      offset += length(tokenizer, token.getId());
    }
    return new Logprobs(texts, logprobs, tops, offsets);
  }

  /**
   * The chosen token is always among them, under its own text, so there may be one more than asked
   * for. Of others with the same text the first has it for its key.
   */
  private static Map<String, Float> top(Tokenizer tokenizer, String chosen, CommittedToken token) {
    Map<String, Float> top = new LinkedHashMap<>();
    for (TokenLogprob alternative : token.getTopLogprobsList()) {
      int id = alternative.getToken();
      String text = TokenText.distinct(tokenizer, id);
      boolean taken = id != token.getId() && text.equals(chosen) || top.containsKey(text);
      top.put(taken ? TokenText.byId(id) : text, alternative.getLogprob());
    }
    top.putIfAbsent(chosen, token.getLogprob());
    return top;
  }

  /** Characters that a token adds to the text; a character counts where it begins. */
  static int length(Tokenizer tokenizer, int token) {
    int characters = 0;
    for (byte b : tokenizer.bytes(token)) {
      boolean continuation = (b & 0xc0) == 0x80;
      characters += continuation ? 0 : 1;
    }
    return characters;
  }
}
