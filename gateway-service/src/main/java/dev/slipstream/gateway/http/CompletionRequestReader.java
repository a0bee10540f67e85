package dev.slipstream.gateway.http;

import dev.slipstream.gateway.application.ApiException;
import dev.slipstream.proto.v1.GenerateRequest;
import dev.slipstream.proto.v1.TokenIds;
import java.util.List;
import java.util.OptionalInt;
import tools.jackson.databind.JsonNode;

/** Reads the body of {@code POST /v1/completions}. */
final class CompletionRequestReader {
  private static final int DEFAULT_MAX_TOKENS = 16;
  private static final int MAX_PROMPTS = 32;
  private static final int MAX_BEST_OF = 20;

  private CompletionRequestReader() {}

  static ApiRequest read(Fields fields) {
    GenerateRequest.Builder generation = CommonFields.generation(fields);
    generation.setMaxTokens(
        fields.integer("max_tokens", 1, Integer.MAX_VALUE).orElse(DEFAULT_MAX_TOKENS));
    OptionalInt logprobs = fields.integer("logprobs", 0, 20);
    logprobs.ifPresent(generation::setTopLogprobs);
    boolean echo = fields.bool("echo", false);
    if (echo && logprobs.isPresent()) {
      throw ApiException.invalid(
          "echo", "'echo' is not supported together with 'logprobs'.", "unsupported_value");
    }
    int n = CommonFields.n(fields);
    CommonFields.neutral(
        fields, "suffix", value -> value.isString() && value.stringValue().isEmpty());
    boolean stream = fields.bool("stream", false);
    int bestOf = bestOf(fields, n, stream);
    ApiRequest request =
        new ApiRequest(
            prompts(fields).stream().map(prompt -> prompt.into(generation)).toList(),
            n,
            bestOf,
            stream,
            CommonFields.includeUsage(fields, stream),
            fields.bool("return_token_ids", false),
            echo,
            fields.string("user").orElse(""));
    fields.rejectOthers();
    return request;
  }

  private static int bestOf(Fields fields, int n, boolean stream) {
    int bestOf = fields.integer("best_of", 1, MAX_BEST_OF).orElse(n);
    if (bestOf < n) {
      throw ApiException.invalid(
          "best_of",
          "'best_of' is %d, but must be at least 'n', which is %d.".formatted(bestOf, n));
    }
    if (bestOf > n && stream) {
      throw ApiException.invalid(
          "best_of",
          "Which answers are best shows when all are over: with 'stream', 'best_of' must equal 'n'.",
          "unsupported_value");
    }
    return bestOf;
  }

  private sealed interface Prompt {
    record Text(String text) implements Prompt {}

    record Tokens(List<Integer> ids) implements Prompt {}

    default GenerateRequest into(GenerateRequest.Builder generation) {
      return switch (this) {
        case Text(String text) -> generation.clone().setText(text).build();
        case Tokens(List<Integer> ids) ->
            generation.clone().setTokenIds(TokenIds.newBuilder().addAllIds(ids)).build();
      };
    }
  }

  private static List<Prompt> prompts(Fields fields) {
    JsonNode value =
        fields
            .value("prompt")
            .orElseThrow(
                () ->
                    ApiException.invalid(
                        "prompt",
                        "Missing required parameter: 'prompt'.",
                        "missing_required_parameter"));
    if (value.isString()) {
      return List.of(new Prompt.Text(value.stringValue()));
    }
    if (!value.isArray() || value.isEmpty()) {
      throw ApiException.invalid(
          "prompt",
          "'prompt' must be a string, a list of strings, a list of token ids or a list of such lists.");
    }
    if (value.get(0).isIntegralNumber()) {
      return List.of(
          new Prompt.Tokens(Fields.elements("prompt", value, CompletionRequestReader::token)));
    }
    if (value.size() > MAX_PROMPTS) {
      throw ApiException.invalid(
          "prompt", "At most %d prompts are supported.".formatted(MAX_PROMPTS));
    }
    return value.get(0).isArray()
        ? Fields.elements("prompt", value, CompletionRequestReader::tokens)
        : Fields.elements(
            "prompt", value, (path, node) -> new Prompt.Text(Fields.string(path, node)));
  }

  private static Prompt tokens(String path, JsonNode node) {
    if (!node.isArray()) {
      throw Fields.wrongType(path, "an array", node);
    }
    return new Prompt.Tokens(Fields.elements(path, node, CompletionRequestReader::token));
  }

  private static int token(String path, JsonNode node) {
    return (int) Fields.integer(path, node, 0, Integer.MAX_VALUE);
  }
}
