package dev.slipstream.gateway.http;

import dev.slipstream.gateway.application.ApiException;
import dev.slipstream.proto.v1.GenerateRequest;
import dev.slipstream.proto.v1.SamplingParams;
import dev.slipstream.proto.v1.SpeculationMode;
import dev.slipstream.proto.v1.SpeculationOptions;
import java.util.List;
import java.util.function.Predicate;
import tools.jackson.databind.JsonNode;

/** The fields that chat and plain completions share. */
final class CommonFields {
  /** Answers to one prompt; each takes a place in the target's batch. */
  static final int MAX_N = 8;

  private CommonFields() {}

  /** Everything about how to generate, without the prompt, max_tokens and logprobs. */
  static GenerateRequest.Builder generation(Fields fields) {
    GenerateRequest.Builder request = GenerateRequest.newBuilder();
    request.setModel(fields.string("model").orElse(""));
    request.setSampling(sampling(fields));
    fields.integer("min_tokens", 0, Integer.MAX_VALUE).ifPresent(request::setMinTokens);
    request.addAllStop(stops(fields));
    request.setIgnoreEos(fields.bool("ignore_eos", false));
    fields.object("slipstream").ifPresent(vendor -> vendor(vendor, request));
    return request;
  }

  static int n(Fields fields) {
    return fields.integer("n", 1, MAX_N).orElse(1);
  }

  static boolean includeUsage(Fields fields, boolean stream) {
    return fields
        .object("stream_options")
        .map(
            options -> {
              if (!stream) {
                throw ApiException.invalid(
                    "stream_options",
                    "The 'stream_options' parameter is only allowed when 'stream' is enabled.");
              }
              boolean usage = options.bool("include_usage", false);
              neutral(options, "include_obfuscation", CommonFields::isFalse);
              options.rejectOthers();
              return usage;
            })
        .orElse(false);
  }

  /** Accepts a field that is not supported only with values that ask for nothing. */
  static void neutral(Fields fields, String name, Predicate<JsonNode> asksForNothing) {
    fields
        .value(name)
        .filter(asksForNothing.negate())
        .ifPresent(
            value -> {
              throw ApiException.invalid(
                  fields.path(name),
                  "The parameter '%s' is not supported with this value. Leave it out."
                      .formatted(fields.path(name)),
                  "unsupported_value");
            });
  }

  static boolean isFalse(JsonNode value) {
    return value.isBoolean() && !value.booleanValue();
  }

  static boolean isEmpty(JsonNode value) {
    return value.isContainer() && value.isEmpty();
  }

  static boolean never(JsonNode value) {
    return false;
  }

  private static SamplingParams sampling(Fields fields) {
    SamplingParams.Builder sampling = SamplingParams.newBuilder();
    number(fields, "temperature", sampling::setTemperature);
    // As in vLLM, -1 is another way to say 0.
    fields.integer("top_k", -1, Integer.MAX_VALUE).ifPresent(k -> sampling.setTopK(Math.max(k, 0)));
    number(fields, "top_p", sampling::setTopP);
    number(fields, "min_p", sampling::setMinP);
    number(fields, "repetition_penalty", sampling::setRepetitionPenalty);
    number(fields, "presence_penalty", sampling::setPresencePenalty);
    number(fields, "frequency_penalty", sampling::setFrequencyPenalty);
    fields.integer64("seed").ifPresent(sampling::setSeed);
    fields.value("logit_bias").ifPresent(value -> logitBias(fields, value, sampling));
    return sampling.build();
  }

  private interface FloatSetter {
    Object set(float value);
  }

  private static void number(Fields fields, String name, FloatSetter setter) {
    fields.number(name).ifPresent(value -> setter.set((float) value));
  }

  private static void logitBias(Fields fields, JsonNode value, SamplingParams.Builder sampling) {
    Fields.object(fields.path("logit_bias"), value);
    for (var entry : value.properties()) {
      String path = fields.path("logit_bias." + entry.getKey());
      // One way to write an id, as two of the same would lose a value.
      if (!entry.getKey().matches("0|[1-9][0-9]{0,8}")) {
        throw ApiException.invalid(
            path,
            "The keys of 'logit_bias' must be token ids in decimal digits, without leading zeros.");
      }
      float bias = (float) Fields.number(path, entry.getValue());
      sampling.putLogitBias(Integer.parseInt(entry.getKey()), bias);
    }
  }

  private static List<String> stops(Fields fields) {
    return fields
        .value("stop")
        .map(
            stop ->
                stop.isArray()
                    ? Fields.elements(fields.path("stop"), stop, Fields::string)
                    : List.of(Fields.string(fields.path("stop"), stop)))
        .orElse(List.of());
  }

  private static void vendor(Fields fields, GenerateRequest.Builder request) {
    request.setSpeculation(speculation(fields));
    fields
        .string("strategy")
        .ifPresent(
            name -> {
              if (name.isEmpty()) {
                throw ApiException.invalid(
                    fields.path("strategy"), "It must be the name of a strategy.");
              }
              request.setStrategy(name);
            });
    fields.rejectOthers();
  }

  private static SpeculationOptions speculation(Fields vendor) {
    SpeculationOptions.Builder options = SpeculationOptions.newBuilder();
    switch (vendor.string("speculation").orElse("auto")) {
      case "auto" -> options.setMode(SpeculationMode.SPECULATION_MODE_AUTO);
      case "off" -> options.setMode(SpeculationMode.SPECULATION_MODE_OFF);
      case "" ->
          throw ApiException.invalid(
              vendor.path("speculation"), "It must be 'auto', 'off' or the name of a drafter.");
      case String drafter ->
          options.setMode(SpeculationMode.SPECULATION_MODE_AUTO).setDrafter(drafter);
    }
    vendor.integer("max_draft_tokens", 1, 1024).ifPresent(options::setMaxDraftTokens);
    return options.build();
  }
}
