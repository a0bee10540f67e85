package dev.slipstream.gateway.application;

import dev.slipstream.gateway.upstream.ChatFormat;
import dev.slipstream.gateway.upstream.ServedModel;
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

  /** Token ids, as many as there are; whether they fit is for the caller to say. */
  static int[] encode(ServedModel model, GenerateRequest request) {
    return switch (request.getPromptCase()) {
      case CHAT -> withBegin(model.tokenizer(), render(model, request.getChat()));
      case TEXT -> withBegin(model.tokenizer(), request.getText());
      case TOKEN_IDS -> request.getTokenIds().getIdsList().stream().mapToInt(i -> i).toArray();
      case PROMPT_NOT_SET -> throw ApiException.invalid("prompt", "A prompt is required.");
    };
  }

  private static String render(ServedModel model, ChatPrompt chat) {
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

  private static ApiException noChat(ServedModel model, String why) {
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
