package dev.slipstream.text.template;

import dev.slipstream.models.gguf.GgufMetadata;
import dev.slipstream.text.jinja.JinjaException;
import dev.slipstream.text.jinja.Template;
import dev.slipstream.text.tokenizer.Tokenizer;
import java.time.Clock;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * Renders a conversation the way a model was trained to read it, by the Jinja template in its file.
 * Templates come from outside, so they run with limits and can reach nothing but what they are
 * given. Immutable, so it may be shared by threads.
 */
public final class ChatTemplate {

  private static final String KEY = "tokenizer.chat_template";

  private final Template template;
  private final String beginToken;
  private final String endToken;

  private ChatTemplate(Template template, String beginToken, String endToken) {
    this.template = template;
    this.beginToken = beginToken;
    this.endToken = endToken;
  }

  /**
   * The template in a model file, if it has one.
   *
   * @throws ChatTemplateException as {@link #of(String, Tokenizer)}
   */
  public static Optional<ChatTemplate> of(GgufMetadata metadata, Tokenizer tokenizer) {
    return metadata.string(KEY).map(source -> of(source, tokenizer));
  }

  /**
   * A template that comes from elsewhere.
   *
   * @throws ChatTemplateException if it is no template, or needs what is not supported; the message
   *     names it and the line
   */
  public static ChatTemplate of(String source, Tokenizer tokenizer) {
    try {
      return new ChatTemplate(
          Template.parse(source),
          name(tokenizer, tokenizer.beginToken()),
          name(tokenizer, tokenizer.endToken()));
    } catch (JinjaException e) {
      throw new ChatTemplateException(
          "the chat template cannot be used: line " + e.line() + ": " + e.getMessage(), e);
    }
  }

  private static String name(Tokenizer tokenizer, OptionalInt token) {
    return token.isPresent() ? tokenizer.name(token.getAsInt()) : "";
  }

  /**
   * The prompt for a conversation, to be encoded with special tokens parsed.
   *
   * @param addGenerationPrompt whether to end with what introduces the assistant's next message
   * @throws ChatTemplateException if the template refuses the conversation or fails
   */
  public String render(List<ChatTurn> turns, boolean addGenerationPrompt) {
    return render(turns, addGenerationPrompt, Map.of());
  }

  /**
   * The same with further variables for the template, such as {@code enable_thinking}.
   *
   * @param variables strings, numbers, booleans, and lists and maps of these
   */
  public String render(
      List<ChatTurn> turns, boolean addGenerationPrompt, Map<String, ?> variables) {
    Map<String, Object> given = new HashMap<>();
    // As in transformers, these are there also where there are none.
    given.put("tools", null);
    given.put("documents", null);
    given.putAll(variables);
    given.put("messages", messages(turns));
    given.put("add_generation_prompt", addGenerationPrompt);
    given.put("bos_token", beginToken);
    given.put("eos_token", endToken);
    try {
      return template.render(given, Clock.systemDefaultZone());
    } catch (JinjaException e) {
      throw failure(e);
    }
  }

  private static List<Object> messages(List<ChatTurn> turns) {
    List<Object> messages = new ArrayList<>();
    for (ChatTurn turn : turns) {
      Map<String, Object> message = new LinkedHashMap<>();
      message.put("role", turn.role());
      message.put("content", turn.content());
      messages.add(message);
    }
    return messages;
  }

  private static ChatTemplateException failure(JinjaException e) {
    return switch (e.kind()) {
      case REFUSAL -> new ChatTemplateException(String.valueOf(e.getMessage()), e);
      case SYNTAX, FAILURE, LIMIT ->
          new ChatTemplateException(
              "the chat template fails in line " + e.line() + ": " + e.getMessage(), e);
    };
  }
}
