package dev.slipstream.standalone.client;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.zip.GZIPOutputStream;

/**
 * Makes hostile requests of valid ones. Answers stay cheap: {@code max_tokens} is never left out or
 * null.
 */
final class BodyMutator {

  /**
   * A request.
   *
   * @param contentType empty for none
   * @param contentEncoding empty for none
   */
  record Mutant(String path, byte[] body, String contentType, String contentEncoding) {
    @Override
    public String toString() {
      byte[] shown = Arrays.copyOf(body, Math.min(body.length, 600));
      return "%s (%s, %s) %s"
          .formatted(path, contentType, contentEncoding, new String(shown, StandardCharsets.UTF_8));
    }
  }

  /** A body as its fields, each as JSON text. */
  private record Seed(String path, List<String> fields) {}

  private static final List<Seed> SEEDS =
      List.of(
          new Seed(
              "/v1/chat/completions",
              List.of(
                  "\"messages\": [{\"role\": \"user\", \"content\": \"hi\"}]",
                  "\"max_tokens\": 1")),
          new Seed(
              "/v1/completions",
              List.of("\"prompt\": \"a b\"", "\"max_tokens\": 1", "\"temperature\": 0")),
          new Seed("/v1/completions", List.of("\"prompt\": [1, 2, 3]", "\"max_tokens\": 1")),
          new Seed("/tokenize", List.of("\"content\": \"some text\"")),
          new Seed("/tokenize", List.of("\"content\": \"\u00e9\"", "\"parse_special\": false")),
          new Seed("/detokenize", List.of("\"tokens\": [1, 88, 504]")));

  private static final List<String> NAMES =
      List.of(
          "prompt",
          "messages",
          "content",
          "tokens",
          "model",
          "n",
          "stop",
          "seed",
          "temperature",
          "top_p",
          "top_k",
          "min_p",
          "repetition_penalty",
          "presence_penalty",
          "frequency_penalty",
          "logit_bias",
          "logprobs",
          "top_logprobs",
          "stream",
          "stream_options",
          "user",
          "echo",
          "suffix",
          "best_of",
          "tools",
          "tool_choice",
          "response_format",
          "ignore_eos",
          "return_token_ids",
          "slipstream",
          "add_special",
          "parse_special",
          "metadata",
          "unknown",
          "max_completion_tokens",
          "",
          "\\u0000",
          "\\ud800");

  private static final List<String> VALUES =
      List.of(
          "null",
          "true",
          "false",
          "0",
          "1",
          "2",
          "-1",
          "20",
          "21",
          "2147483648",
          "1e5",
          "1e999",
          "-1e-999",
          "1e-45",
          "0.5",
          "1.0",
          "99999999999999999999999999",
          "NaN",
          "Infinity",
          "-0",
          "0x10",
          "01",
          "\"\"",
          "\"a\"",
          "\"\\ud800\"",
          "\"\\udc00\\ud800\"",
          "\"\\u0000\"",
          "\"\ud83d\ude00\u4e2d\"",
          "\"<|im_start|>system\\n\"",
          "[]",
          "{}",
          "[[]]",
          "[null]",
          "[1, \"a\"]",
          "[-1]",
          "[999999]",
          "[[1], 2]",
          "[\"a\", \"b\"]",
          "[\"\"]",
          "[{}]",
          "[{\"role\": \"user\"}]",
          "[{\"role\": \"tool\", \"content\": \"x\"}]",
          "[{\"role\": \"assistant\", \"content\": null}]",
          "[{\"role\": \"developer\", \"content\": [{\"type\": \"text\", \"text\": \"x\"}]}]",
          "[{\"role\": \"user\", \"content\": [{\"type\": \"image_url\", \"image_url\": {}}]}]",
          "{\"1\": 100}",
          "{\"1\": 1e39}",
          "{\"-1\": 0}",
          "{\"99999999\": 0}",
          "{\"a\": 1}",
          "{\"include_usage\": true}",
          "{\"speculation\": \"off\"}",
          "{\"speculation\": \"no\"}",
          "{\"max_draft_tokens\": 0}",
          "{\"max_draft_tokens\": 1024}",
          "{\"type\": \"json_object\"}");

  private static final List<String> CONTENT_TYPES =
      List.of(
          "",
          "text/plain",
          "application/xml",
          "application/json; charset=utf-16",
          "application/*",
          "application/json; charset=UTF-8",
          ";",
          "multipart/form-data; boundary=x");

  private final Random random;

  BodyMutator(long seed) {
    this.random = new Random(seed);
  }

  Mutant next() {
    Seed seed = pick(SEEDS);
    List<String> fields = new java.util.ArrayList<>(seed.fields());
    int changes = random.nextInt(8) == 0 ? 0 : 1 + random.nextInt(4);
    for (int i = 0; i < changes; i++) {
      changeField(fields);
    }
    String text = "{" + String.join(", ", fields) + "}";
    byte[] body = text.getBytes(StandardCharsets.UTF_8);
    int damage = random.nextInt(3);
    for (int i = 0; i < damage && random.nextBoolean(); i++) {
      body = damage(body);
    }
    boolean gzip = random.nextInt(50) == 0;
    boolean otherType = random.nextInt(20) == 0;
    return new Mutant(
        seed.path(),
        gzip ? zipped(body) : body,
        otherType ? pick(CONTENT_TYPES) : "application/json",
        gzip && random.nextBoolean() ? "gzip" : "");
  }

  private void changeField(List<String> fields) {
    int at = random.nextInt(fields.size());
    boolean limit = fields.get(at).startsWith("\"max_");
    switch (random.nextInt(8)) {
      case 0 -> {
        if (!limit) {
          fields.remove(at);
          if (fields.isEmpty()) {
            fields.add("\"user\": \"x\"");
          }
        }
      }
      case 1, 2 -> {
        String name = fields.get(at).substring(0, fields.get(at).indexOf(':'));
        String value = value();
        fields.set(at, name + ": " + (limit && value.equals("null") ? "0" : value));
      }
      case 3 -> fields.add(fields.get(at)); // A key twice.
      default -> fields.add("\"" + pick(NAMES) + "\": " + value());
    }
  }

  private String value() {
    return switch (random.nextInt(40)) {
      case 0 -> "\"" + "long ".repeat(1 + random.nextInt(20_000)) + "\"";
      case 1 -> "[".repeat(1 + random.nextInt(3000)) + "1" + "]".repeat(random.nextInt(3000));
      case 2 -> "{\"a\":".repeat(1 + random.nextInt(100)) + "1" + "}".repeat(100);
      case 3 -> "9".repeat(1 + random.nextInt(2000));
      case 4 -> "[" + "1,".repeat(random.nextInt(20_000)) + "1]";
      case 5 -> "[" + "\"x\",".repeat(random.nextInt(100)) + "\"x\"]";
      default -> pick(VALUES);
    };
  }

  private byte[] damage(byte[] body) {
    if (body.length == 0) {
      return body;
    }
    int at = random.nextInt(body.length);
    return switch (random.nextInt(4)) {
      case 0 -> Arrays.copyOf(body, at);
      case 1 -> {
        byte[] flipped = body.clone();
        flipped[at] = (byte) random.nextInt(256);
        yield flipped;
      }
      case 2 -> {
        byte[] twice = Arrays.copyOf(body, body.length + at);
        System.arraycopy(body, 0, twice, body.length, at);
        yield twice;
      }
      default -> {
        byte[] shorter = Arrays.copyOf(body, body.length - 1);
        System.arraycopy(body, at + 1, shorter, at, body.length - at - 1);
        yield shorter;
      }
    };
  }

  private static byte[] zipped(byte[] body) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (GZIPOutputStream zip = new GZIPOutputStream(bytes)) {
      zip.write(body);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return bytes.toByteArray();
  }

  private <T> T pick(List<T> from) {
    return from.get(random.nextInt(from.size()));
  }
}
