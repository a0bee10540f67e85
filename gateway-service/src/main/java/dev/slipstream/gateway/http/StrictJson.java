package dev.slipstream.gateway.http;

import dev.slipstream.gateway.application.ApiException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import tools.jackson.core.JacksonException;
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
            .build();
    mapper =
        JsonMapper.builder(JsonFactory.builder().streamReadConstraints(constraints).build())
            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .build();
  }

  /**
   * @throws ApiException if the body is anything else
   */
  Fields object(byte[] body) {
    JsonNode node;
    try {
      node = mapper.readTree(text(body));
    } catch (JacksonException e) {
      String where =
          e.getLocation() == null
              ? ""
              : " (line %d, column %d)"
                  .formatted(e.getLocation().getLineNr(), e.getLocation().getColumnNr());
      throw malformed("The request body is not valid JSON: " + e.getOriginalMessage() + where);
    }
    if (!node.isObject()) {
      throw malformed("The request body must be a JSON object.");
    }
    return new Fields("", node);
  }

  private static String text(byte[] body) {
    try {
      return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(body)).toString();
    } catch (CharacterCodingException e) {
      throw malformed("The request body is not valid UTF-8.");
    }
  }

  private static ApiException malformed(String message) {
    return ApiException.invalid(null, message);
  }
}
