package dev.slipstream.text.template;

import com.hubspot.jinjava.Jinjava;
import com.hubspot.jinjava.interpret.RenderResult;
import com.hubspot.jinjava.interpret.TemplateError;
import dev.slipstream.models.gguf.GgufMetadata;
import dev.slipstream.text.tokenizer.Tokenizer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * Renders a conversation the way a model was trained to read it, by the Jinja template in its file.
 * Templates come from outside, so they run with limits and can call nothing but the string, list
 * and dictionary methods that templates use. Immutable, so it may be shared by threads.
 */
public final class ChatTemplate {

  private static final String KEY = "tokenizer.chat_template";
  private static final int MAX_TEMPLATE = 1 << 18;

  private final Jinjava jinjava = TemplateEngine.create();
  private final String source;
  private final String beginToken;
  private final String endToken;

  private ChatTemplate(String source, String beginToken, String endToken) {
    if (source.length() > MAX_TEMPLATE) {
      throw new ChatTemplateException(
          "the chat template has %d characters, more than %d"
              .formatted(source.length(), MAX_TEMPLATE));
    }
    this.source = TemplateSyntax.rewrite(withoutLastLineEnd(source));
    this.beginToken = beginToken;
    this.endToken = endToken;
  }

  /** Jinja2 takes all line ends for a line feed and drops one at the end of a template. */
  private static String withoutLastLineEnd(String source) {
    String lines = source.replace("\r\n", "\n").replace('\r', '\n');
    return lines.endsWith("\n") ? lines.substring(0, lines.length() - 1) : lines;
  }

  /** The template in a model file, if it has one. */
  public static Optional<ChatTemplate> of(GgufMetadata metadata, Tokenizer tokenizer) {
    return metadata.string(KEY).map(source -> of(source, tokenizer));
  }

  /** A template that comes from elsewhere. */
  public static ChatTemplate of(String source, Tokenizer tokenizer) {
    return new ChatTemplate(
        source, name(tokenizer, tokenizer.beginToken()), name(tokenizer, tokenizer.endToken()));
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
    Map<String, Object> bindings = new HashMap<>(variables);
    bindings.put("messages", messages(turns));
    bindings.put("add_generation_prompt", addGenerationPrompt);
    bindings.put("bos_token", beginToken);
    bindings.put("eos_token", endToken);
    bindings.put(TemplateEngine.DEADLINE, TemplateEngine.deadline());
    RenderResult result = jinjava.renderForResult(source, bindings);
    for (TemplateError error : result.getErrors()) {
      if (error.getSeverity() == TemplateError.ErrorType.FATAL) {
        throw failure(error);
      }
    }
    return result.getOutput();
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

  private static ChatTemplateException failure(TemplateError error) {
    for (Throwable cause = error.getException(); cause != null; cause = cause.getCause()) {
      if (cause instanceof ChatTemplateException refusal) {
        return new ChatTemplateException(refusal.getMessage(), error.getException());
      }
    }
    return new ChatTemplateException(
        "the chat template fails in line " + error.getLineno() + ": " + error.getMessage(),
        error.getException());
  }
}
