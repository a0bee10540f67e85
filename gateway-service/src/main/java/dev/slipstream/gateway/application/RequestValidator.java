package dev.slipstream.gateway.application;

import dev.slipstream.gateway.upstream.UpstreamModel;
import dev.slipstream.proto.v1.ChatMessage;
import dev.slipstream.proto.v1.GenerateRequest;
import dev.slipstream.proto.v1.SamplingParams;
import dev.slipstream.proto.v1.SpeculationMode;
import dev.slipstream.proto.v1.SpeculationOptions;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;

/** Says what is wrong with a request, before any work is done for it. */
final class RequestValidator {
  private static final Set<String> ROLES = Set.of("system", "developer", "user", "assistant");
  private static final int MAX_STOPS = 16;
  private static final int MAX_STOP_LENGTH = 1024;
  private static final int MAX_LOGIT_BIASES = 1024;
  static final String DRAFTER_PARAM = "slipstream.speculation";
  private static final Pattern DRAFTER = Pattern.compile("[A-Za-z0-9._-]{1,64}");

  private RequestValidator() {}

  static void check(GenerateRequest request, UpstreamModel model) {
    checkPrompt(request, model);
    checkSampling(request.getSampling(), model);
    if (request.hasMaxTokens() && request.getMaxTokens() < 1) {
      throw invalid("max_tokens", request.getMaxTokens(), "at least 1");
    }
    int most = request.hasMaxTokens() ? request.getMaxTokens() : Integer.MAX_VALUE;
    if (request.getMinTokens() < 0 || request.getMinTokens() > most) {
      throw invalid("min_tokens", request.getMinTokens(), "from 0 to 'max_tokens', " + most);
    }
    if (request.hasTopLogprobs()) {
      range("top_logprobs", request.getTopLogprobs(), 0, 20);
    }
    checkStops(request);
    checkSpeculation(request.getSpeculation());
  }

  private static void checkPrompt(GenerateRequest request, UpstreamModel model) {
    switch (request.getPromptCase()) {
      case CHAT -> {
        if (request.getChat().getMessagesCount() == 0) {
          throw ApiException.invalid("messages", "There must be at least one message.");
        }
        for (int i = 0; i < request.getChat().getMessagesCount(); i++) {
          ChatMessage message = request.getChat().getMessages(i);
          if (!ROLES.contains(message.getRole())) {
            throw ApiException.invalid(
                "messages[" + i + "].role",
                "The role '%s' is not supported. Use 'system', 'developer', 'user' or 'assistant'."
                    .formatted(ErrorText.shortened(message.getRole())));
          }
        }
      }
      case TOKEN_IDS -> checkTokens("prompt", request.getTokenIds().getIdsList(), model);
      case TEXT -> {}
      case PROMPT_NOT_SET -> throw ApiException.invalid("prompt", "A prompt is required.");
    }
  }

  static void checkTokens(String param, List<Integer> ids, UpstreamModel model) {
    int last = model.tokenizer().size() - 1;
    for (int i = 0; i < ids.size(); i++) {
      if (ids.get(i) < 0 || ids.get(i) > last) {
        throw invalid(param + "[" + i + "]", ids.get(i), "a token id from 0 to " + last);
      }
    }
  }

  private static void checkSampling(SamplingParams sampling, UpstreamModel model) {
    range("temperature", sampling.getTemperature(), 0, 2);
    if (sampling.getTopK() < 0) {
      throw invalid("top_k", sampling.getTopK(), "0 (all tokens) or more");
    }
    if (sampling.hasTopP() && !(sampling.getTopP() > 0 && sampling.getTopP() <= 1)) {
      throw invalid("top_p", sampling.getTopP(), "above 0 and at most 1");
    }
    range("min_p", sampling.getMinP(), 0, 1);
    if (sampling.hasRepetitionPenalty()) {
      range("repetition_penalty", sampling.getRepetitionPenalty(), 0.01f, 100);
    }
    range("presence_penalty", sampling.getPresencePenalty(), -2, 2);
    range("frequency_penalty", sampling.getFrequencyPenalty(), -2, 2);
    if (sampling.getLogitBiasCount() > MAX_LOGIT_BIASES) {
      throw invalid("logit_bias", sampling.getLogitBiasCount() + " tokens", "at most 1024 tokens");
    }
    sampling
        .getLogitBiasMap()
        .forEach(
            (token, bias) -> {
              if (token < 0 || token >= model.tokenizer().size()) {
                throw invalid(
                    "logit_bias", token, "a token id from 0 to " + (model.tokenizer().size() - 1));
              }
              range("logit_bias." + token, bias, -100, 100);
            });
  }

  private static void checkStops(GenerateRequest request) {
    if (request.getStopCount() > MAX_STOPS) {
      throw invalid("stop", request.getStopCount() + " strings", "at most 16 strings");
    }
    for (String stop : request.getStopList()) {
      if (stop.isEmpty()) {
        throw ApiException.invalid("stop", "A stop string must not be empty.");
      }
      if (stop.length() > MAX_STOP_LENGTH) {
        throw invalid("stop", stop.length() + " characters", "at most 1024 characters per string");
      }
    }
  }

  private static void checkSpeculation(SpeculationOptions options) {
    if (options.getMode() == SpeculationMode.UNRECOGNIZED) {
      throw invalid("speculation.mode", options.getModeValue(), "AUTO or OFF");
    }
    if (options.hasMaxDraftTokens()) {
      range("max_draft_tokens", options.getMaxDraftTokens(), 1, 1024);
    }
    if (!options.getDrafter().isEmpty()) {
      if (!DRAFTER.matcher(options.getDrafter()).matches()) {
        throw ApiException.invalid(
            DRAFTER_PARAM, "A drafter's name has letters, digits, '.', '_' and '-' only.");
      }
      if (options.getMode() == SpeculationMode.SPECULATION_MODE_OFF) {
        throw ApiException.invalid(DRAFTER_PARAM, "A drafter is named, but speculation is off.");
      }
    }
  }

  /** NaN is outside every range. */
  private static void range(String param, double value, double from, double to) {
    if (!(value >= from && value <= to)) {
      throw invalid(param, plain(value), "from %s to %s".formatted(plain(from), plain(to)));
    }
  }

  private static String plain(double value) {
    return value == Math.rint(value) && Math.abs(value) < 1e15
        ? Long.toString((long) value)
        : Float.toString((float) value);
  }

  private static ApiException invalid(String param, Object value, String expected) {
    return ApiException.invalid(
        param, "Invalid '%s': %s. It must be %s.".formatted(param, value, expected));
  }
}
