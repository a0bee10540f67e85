package dev.slipstream.gateway.fake;

import dev.slipstream.models.gguf.GgufWriter;
import dev.slipstream.text.tokenizer.Tokenizer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * A byte-level vocabulary without merges: token b is byte b, so "é" takes two tokens; then the
 * control tokens of ChatML.
 */
public final class TestVocabulary {
  public static final int START = 256;
  public static final int END = 257;
  public static final int SIZE = 258;

  public static final String CHATML =
      "{% for message in messages %}{% if message['role'] == 'assistant' and loop.index0 == 0 %}"
          + "{{ raise_exception('an assistant cannot begin') }}{% endif %}"
          + "{{ '<|im_start|>' + message['role'] + '\\n' + message['content'] + '<|im_end|>\\n' }}"
          + "{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}";

  private TestVocabulary() {}

  /**
   * As a GGUF file without tensors.
   *
   * @param template of chats, or null
   */
  public static byte[] bytes(String template) {
    return writer(template).bytes();
  }

  public static Tokenizer tokenizer() {
    return Tokenizer.of(writer(null).parse().metadata());
  }

  private static GgufWriter writer(String template) {
    String[] tokens = new String[SIZE];
    int[] types = new int[SIZE];
    Arrays.fill(types, 1);
    int substitute = 256;
    for (int b = 0; b < 256; b++) {
      boolean printable = b >= 33 && b <= 126 || b >= 161 && b <= 172 || b >= 174;
      tokens[b] = Character.toString(printable ? b : substitute++);
    }
    tokens[START] = "<|im_start|>";
    tokens[END] = "<|im_end|>";
    types[START] = 3;
    types[END] = 3;
    GgufWriter writer =
        new GgufWriter()
            .string("tokenizer.ggml.model", "gpt2")
            .string("tokenizer.ggml.pre", "gpt-2")
            .strings("tokenizer.ggml.tokens", tokens)
            .integers("tokenizer.ggml.token_type", types)
            .strings("tokenizer.ggml.merges")
            .integer("tokenizer.ggml.eos_token_id", END);
    return template == null ? writer : writer.string("tokenizer.chat_template", template);
  }

  /** The tokens of a text. */
  public static List<Integer> tokens(String text) {
    List<Integer> tokens = new ArrayList<>();
    for (byte b : text.getBytes(StandardCharsets.UTF_8)) {
      tokens.add(Byte.toUnsignedInt(b));
    }
    return tokens;
  }
}
