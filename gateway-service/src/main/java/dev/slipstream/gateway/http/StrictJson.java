package dev.slipstream.gateway.http;

import dev.slipstream.gateway.application.ApiException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.regex.Pattern;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.StreamReadConstraints;
import tools.jackson.core.StreamReadFeature;
import tools.jackson.core.json.JsonFactory;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Reads request bodies: exactly one JSON object in UTF-8, no key twice, not too deep. */
final class StrictJson {
  private static final int MAX_DEPTH = 32;
  private static final int MAX_NUMBER_LENGTH = 64;

  /** A tree of small values takes many times the bytes that they came in. */
  private static final int LEAST_BYTES_PER_VALUE = 4;

  private static final int ALWAYS_ALLOWED_VALUES = 1 << 16;

  /** Where the parser's messages speak of its own settings. */
  private static final Pattern LIBRARY_NAME =
      Pattern.compile(", from `[^`]*`| \\([a-zA-Z ]*\\[Source: .*]\\)");

  private final JsonMapper mapper;

  /**
   * @param maxBytes longest body; no string in it can be longer
   */
  StrictJson(int maxBytes) {
    StreamReadConstraints constraints =
        StreamReadConstraints.builder()
            .maxNestingDepth(MAX_DEPTH)
            .maxNumberLength(MAX_NUMBER_LENGTH)
            .maxStringLength(maxBytes)
            .maxTokenCount(Math.max(ALWAYS_ALLOWED_VALUES, maxBytes / LEAST_BYTES_PER_VALUE))
            .build();
    mapper =
        JsonMapper.builder(JsonFactory.builder().streamReadConstraints(constraints).build())
            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            // Looked for below, with a message of our own.
            .disable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .build();
  }

  /**
   * @throws ApiException if the body is anything else
   */
  Fields object(ByteBuffer body) {
    JsonNode node;
    try (JsonParser parser = mapper.createParser(text(body))) {
      node = mapper.readTree(parser);
      if (node != null && parser.nextToken() != null) {
        throw malformed("The request body goes on after its JSON object.");
      }
    } catch (JacksonException e) {
      String where =
          e.getLocation() == null
              ? ""
              : " (line %d, column %d)"
                  .formatted(e.getLocation().getLineNr(), e.getLocation().getColumnNr());
      String what = LIBRARY_NAME.matcher(e.getOriginalMessage()).replaceAll("");
      throw malformed("The request body is not valid JSON: " + what + where);
    }
    if (node == null || !node.isObject()) {
      throw malformed("The request body must be a JSON object.");
    }
    return new Fields("", node);
  }

  private static String text(ByteBuffer body) {
    try {
      return StandardCharsets.UTF_8.newDecoder().decode(body).toString();
    } catch (CharacterCodingException e) {
      throw malformed("The request body is not valid UTF-8.");
    }
  }

  private static ApiException malformed(String message) {
    return ApiException.invalid(null, message);
  }
}
