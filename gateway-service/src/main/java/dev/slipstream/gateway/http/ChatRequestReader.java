package dev.slipstream.gateway.http;

import dev.slipstream.gateway.application.ApiException;
import dev.slipstream.gateway.application.ErrorText;
import dev.slipstream.proto.v1.ChatMessage;
import dev.slipstream.proto.v1.ChatPrompt;
import dev.slipstream.proto.v1.GenerateRequest;
import java.util.List;
import java.util.OptionalInt;
import java.util.Set;
import java.util.stream.Collectors;
import tools.jackson.databind.JsonNode;

/** Reads the body of {@code POST /v1/chat/completions}. */
final class ChatRequestReader {
  private ChatRequestReader() {}

  static ApiRequest read(Fields fields) {
    GenerateRequest.Builder generation = CommonFields.generation(fields);
    generation.setChat(
        ChatPrompt.newBuilder()
            .addAllMessages(
                fields
                    .list("messages", ChatRequestReader::message)
                    .orElseThrow(
                        () ->
                            ApiException.invalid(
                                "messages",
                                "Missing required parameter: 'messages'.",
                                "missing_required_parameter"))));
    maxTokens(fields).ifPresent(generation::setMaxTokens);
    logprobs(fields).ifPresent(generation::setTopLogprobs);
    int n = CommonFields.n(fields);
    boolean stream = fields.bool("stream", false);
    ApiRequest request =
        new ApiRequest(
            List.of(generation.build()),
            n,
            n,
            stream,
            CommonFields.includeUsage(fields, stream),
            fields.bool("return_token_ids", false),
            false,
            fields.string("user").orElse(""));
    acceptNeutralValues(fields);
    fields.rejectOthers();
    return request;
  }

  private static OptionalInt maxTokens(Fields fields) {
    OptionalInt old = fields.integer("max_tokens", 1, Integer.MAX_VALUE);
    OptionalInt current = fields.integer("max_completion_tokens", 1, Integer.MAX_VALUE);
    if (old.isPresent() && current.isPresent() && old.getAsInt() != current.getAsInt()) {
      throw ApiException.invalid(
          "max_tokens", "'max_tokens' and 'max_completion_tokens' differ. Give one of them.");
    }
    return current.isPresent() ? current : old;
  }

  private static OptionalInt logprobs(Fields fields) {
    boolean wanted = fields.bool("logprobs", false);
    OptionalInt top = fields.integer("top_logprobs", 0, 20);
    if (top.isPresent() && !wanted) {
      throw ApiException.invalid(
          "top_logprobs", "'top_logprobs' is only allowed when 'logprobs' is enabled.");
    }
    return wanted ? OptionalInt.of(top.orElse(0)) : OptionalInt.empty();
  }

  private static ChatMessage message(String path, JsonNode node) {
    Fields fields = Fields.object(path, node);
    String role =
        fields
            .string("role")
            .orElseThrow(() -> ApiException.invalid(fields.path("role"), "A role is required."));
    JsonNode content =
        fields
            .value("content")
            .orElseThrow(
                () ->
                    ApiException.invalid(fields.path("content"), "The content must not be null."));
    String text =
        content.isArray()
            ? Fields.elements(fields.path("content"), content, ChatRequestReader::part).stream()
                .collect(Collectors.joining())
            : Fields.string(fields.path("content"), content);
    // What clients send back of an assistant's message without tool calls.
    for (String name : Set.of("refusal", "audio", "function_call", "name")) {
      CommonFields.neutral(fields, name, CommonFields::never);
    }
    CommonFields.neutral(fields, "tool_calls", CommonFields::isEmpty);
    CommonFields.neutral(fields, "annotations", CommonFields::isEmpty);
    fields.rejectOthers();
    return ChatMessage.newBuilder().setRole(role).setContent(text).build();
  }

  private static String part(String path, JsonNode node) {
    Fields fields = Fields.object(path, node);
    String type = fields.string("type").orElse("");
    if (!type.equals("text")) {
      throw ApiException.invalid(
          fields.path("type"),
          "Content parts of type '%s' are not supported; only 'text' is."
              .formatted(ErrorText.shortened(type)),
          "unsupported_value");
    }
    String text =
        fields
            .string("text")
            .orElseThrow(() -> ApiException.invalid(fields.path("text"), "A text is required."));
    fields.rejectOthers();
    return text;
  }

  /** Clients send some unsupported parameters with the value that means "not used". */
  private static void acceptNeutralValues(Fields fields) {
    CommonFields.neutral(fields, "tools", CommonFields::isEmpty);
    CommonFields.neutral(fields, "functions", CommonFields::isEmpty);
    CommonFields.neutral(fields, "metadata", CommonFields::isEmpty);
    CommonFields.neutral(fields, "tool_choice", value -> is(value, "none") || is(value, "auto"));
    CommonFields.neutral(fields, "function_call", value -> is(value, "none") || is(value, "auto"));
    CommonFields.neutral(fields, "response_format", ChatRequestReader::isTextFormat);
    CommonFields.neutral(fields, "parallel_tool_calls", JsonNode::isBoolean);
    CommonFields.neutral(fields, "store", CommonFields::isFalse);
    CommonFields.neutral(
        fields, "service_tier", value -> is(value, "auto") || is(value, "default"));
    CommonFields.neutral(fields, "modalities", ChatRequestReader::isTextOnly);
    for (String name :
        List.of(
            "audio",
            "prediction",
            "reasoning_effort",
            "verbosity",
            "web_search_options",
            "safety_identifier",
            "prompt_cache_key",
            "prompt_cache_retention")) {
      CommonFields.neutral(fields, name, CommonFields::never);
    }
  }

  private static boolean is(JsonNode value, String text) {
    return value.isString() && value.stringValue().equals(text);
  }

  private static boolean isTextFormat(JsonNode value) {
    return value.isObject()
        && value.size() == 1
        && value.has("type")
        && is(value.get("type"), "text");
  }

  private static boolean isTextOnly(JsonNode value) {
    return value.isArray() && value.size() == 1 && is(value.get(0), "text");
  }
}
