package dev.slipstream.gateway.application;

import dev.slipstream.gateway.upstream.ChatFormat;
import dev.slipstream.gateway.upstream.UpstreamModel;
import dev.slipstream.proto.v1.ChatPrompt;
import dev.slipstream.proto.v1.GenerateRequest;
import dev.slipstream.text.template.ChatTemplate;
import dev.slipstream.text.template.ChatTemplateException;
import dev.slipstream.text.template.ChatTurn;
import dev.slipstream.text.tokenizer.Tokenizer;
import java.util.List;
import java.util.OptionalInt;

/** Turns prompts into token ids. Takes time for long ones: not for event loops. */
final class PromptEncoder {
  private PromptEncoder() {}

  /**
   * Token ids of a prompt, at least one. A text that cannot fit is refused before it is tokenised:
   * whoever sends such texts must not keep others waiting.
   *
   * <p>A conversation is rendered first, which takes a small part of the time. Its length alone
   * says nothing: there are templates that leave messages, or parts of them, out.
   */
  static int[] encode(UpstreamModel model, GenerateRequest request) {
    String param = request.hasChat() ? "messages" : "prompt";
    Room room = new Room(model, request.hasMaxTokens() ? request.getMaxTokens() : 1, param);
    int[] prompt =
        switch (request.getPromptCase()) {
          case CHAT -> encode(model, render(model, request.getChat()), room);
          case TEXT -> encode(model, request.getText(), room);
          case TOKEN_IDS -> request.getTokenIds().getIdsList().stream().mapToInt(i -> i).toArray();
          case PROMPT_NOT_SET -> throw ApiException.invalid("prompt", "A prompt is required.");
        };
    if (prompt.length == 0) {
      throw ApiException.invalid(param, "The prompt has no tokens.");
    }
    room.check(prompt.length, "");
    return prompt;
  }

  /**
   * What the context has room for besides the answer.
   *
   * @param answer tokens that it may have
   */
  private record Room(UpstreamModel model, int answer, String param) {
    long tokens() {
      return (long) model.contextLength() - answer;
    }

    /**
     * @param least "at least " if there may be more
     */
    void check(int prompt, String least) {
      if (prompt > tokens()) {
        throw new ApiException(
            new ApiError.ContextExceeded(
                "This model's maximum context length is %d tokens, but %s%d tokens were asked for (%s%d in the prompt, %d for the answer). Shorten the prompt or the answer."
                    .formatted(
                        model.contextLength(),
                        least,
                        (long) prompt + answer,
                        least,
                        prompt,
                        answer),
                param));
      }
    }
  }

  private static int[] encode(UpstreamModel model, String text, Room room) {
    int enough = (int) Math.max(0, room.tokens());
    room.check(model.fewestTokens().count(text, enough), "at least ");
    return withBegin(model.tokenizer(), text);
  }

  private static String render(UpstreamModel model, ChatPrompt chat) {
    ChatTemplate template =
        switch (model.chatFormat()) {
          case ChatFormat.ByTemplate(ChatTemplate found) -> found;
          case ChatFormat.None none -> throw noChat(model, "has no chat template");
          case ChatFormat.Unusable(String reason) ->
              throw noChat(model, "cannot chat, as " + reason);
        };
    List<ChatTurn> turns =
        chat.getMessagesList().stream()
            .map(message -> new ChatTurn(templateRole(message.getRole()), message.getContent()))
            .toList();
    try {
      return template.render(turns, true);
    } catch (ChatTemplateException e) {
      throw ApiException.invalid(
          "messages", "The model's chat template refuses these messages: " + e.getMessage());
    }
  }

  private static ApiException noChat(UpstreamModel model, String why) {
    return ApiException.invalid(
        "model",
        "The model '%s' %s. Use /v1/completions.".formatted(model.id(), why),
        "no_chat_template");
  }

  /** OpenAI's newer name for the role that templates call "system". */
  private static String templateRole(String role) {
    return role.equals("developer") ? "system" : role;
  }

  /** The begin token comes first exactly once, whether or not the template writes it too. */
  private static int[] withBegin(Tokenizer tokenizer, String text) {
    int[] tokens = tokenizer.encode(text, false, true);
    OptionalInt begin = tokenizer.beginToken();
    int[] empty = tokenizer.encode("", true, true);
    boolean wanted = begin.isPresent() && empty.length > 0 && empty[0] == begin.getAsInt();
    if (!wanted || tokens.length > 0 && tokens[0] == begin.getAsInt()) {
      return tokens;
    }
    int[] all = new int[tokens.length + 1];
    all[0] = begin.getAsInt();
    System.arraycopy(tokens, 0, all, 1, tokens.length);
    return all;
  }
}
