package dev.slipstream.gateway.upstream;

import dev.slipstream.models.gguf.GgufMetadata;
import dev.slipstream.text.template.ChatTemplate;
import dev.slipstream.text.template.ChatTemplateException;
import dev.slipstream.text.tokenizer.Tokenizer;

/** How conversations become prompts of a model. Without a format there are completions, no chat. */
public sealed interface ChatFormat {

  record ByTemplate(ChatTemplate template) implements ChatFormat {}

  /** The model file has no template. */
  record None() implements ChatFormat {}

  /**
   * The template in the model file cannot be used.
   *
   * @param reason what is wrong in it, and in which line
   */
  record Unusable(String reason) implements ChatFormat {}

  static ChatFormat of(GgufMetadata metadata, Tokenizer tokenizer) {
    try {
      return ChatTemplate.of(metadata, tokenizer)
          .<ChatFormat>map(ByTemplate::new)
          .orElseGet(None::new);
    } catch (ChatTemplateException e) {
      return new Unusable(String.valueOf(e.getMessage()));
    }
  }
}
