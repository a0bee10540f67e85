package dev.slipstream.gateway.http;

import dev.slipstream.gateway.application.ApiException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.Set;
import java.util.function.BiFunction;
import tools.jackson.databind.JsonNode;

/**
 * The fields of a JSON object. Every getter takes null for absent, and throws an {@link
 * ApiException} that names the field's path if its value has another type or is out of range.
 * Fields that nobody asked for are found by {@link #rejectOthers}.
 */
final class Fields {
  private final String path;
  private final JsonNode object;
  private final Set<String> known = new HashSet<>();

  /**
   * @param path of the object, empty for the body itself
   */
  Fields(String path, JsonNode object) {
    this.path = path;
    this.object = object;
  }

  /** The full path of a field. */
  String path(String name) {
    return path.isEmpty() ? name : path + "." + name;
  }

  /** The value, unless it is absent or null. */
  Optional<JsonNode> value(String name) {
    known.add(name);
    JsonNode value = object.get(name);
    return value == null || value.isNull() ? Optional.empty() : Optional.of(value);
  }

  Optional<String> string(String name) {
    return value(name).map(value -> string(path(name), value));
  }

  boolean bool(String name, boolean absent) {
    return value(name)
        .map(
            value -> {
              if (!value.isBoolean()) {
                throw wrongType(path(name), "a boolean", value);
              }
              return value.booleanValue();
            })
        .orElse(absent);
  }

  OptionalInt integer(String name, int from, int to) {
    Optional<JsonNode> value = value(name);
    return value.isEmpty()
        ? OptionalInt.empty()
        : OptionalInt.of((int) integer(path(name), value.get(), from, to));
  }

  OptionalLong integer64(String name) {
    Optional<JsonNode> value = value(name);
    return value.isEmpty()
        ? OptionalLong.empty()
        : OptionalLong.of(integer(path(name), value.get(), Long.MIN_VALUE, Long.MAX_VALUE));
  }

  /** Any finite number. */
  OptionalDouble number(String name) {
    Optional<JsonNode> value = value(name);
    return value.isEmpty()
        ? OptionalDouble.empty()
        : OptionalDouble.of(number(path(name), value.get()));
  }

  Optional<Fields> object(String name) {
    return value(name).map(value -> object(path(name), value));
  }

  /** The elements of an array, each read with its own path. */
  <T> Optional<List<T>> list(String name, BiFunction<String, JsonNode, T> element) {
    return value(name)
        .map(
            value -> {
              if (!value.isArray()) {
                throw wrongType(path(name), "an array", value);
              }
              return elements(path(name), value, element);
            });
  }

  /** Fails for the first field that no getter was called for. */
  void rejectOthers() {
    for (String name : object.propertyNames()) {
      if (!known.contains(name)) {
        throw ApiException.invalid(
            path(name),
            "Unrecognized request argument supplied: " + path(name),
            "unknown_parameter");
      }
    }
  }

  static <T> List<T> elements(
      String path, JsonNode array, BiFunction<String, JsonNode, T> element) {
    List<T> elements = new ArrayList<>(array.size());
    for (int i = 0; i < array.size(); i++) {
      elements.add(element.apply(path + "[" + i + "]", array.get(i)));
    }
    return elements;
  }

  static Fields object(String path, JsonNode value) {
    if (!value.isObject()) {
      throw wrongType(path, "an object", value);
    }
    return new Fields(path, value);
  }

  static String string(String path, JsonNode value) {
    if (!value.isString()) {
      throw wrongType(path, "a string", value);
    }
    if (!StandardCharsets.UTF_8.newEncoder().canEncode(value.stringValue())) {
      throw ApiException.invalid(
          path,
          "Invalid '%s': it contains half of a surrogate pair, which is no character."
              .formatted(path),
          "invalid_value");
    }
    return value.stringValue();
  }

  static long integer(String path, JsonNode value, long from, long to) {
    if (!value.isIntegralNumber()) {
      throw wrongType(path, "an integer", value);
    }
    if (!value.canConvertToLong() || value.longValue() < from || value.longValue() > to) {
      throw ApiException.invalid(
          path,
          "Invalid '%s': %s. It must be from %d to %d.".formatted(path, value, from, to),
          "invalid_value");
    }
    return value.longValue();
  }

  static double number(String path, JsonNode value) {
    if (!value.isNumber()) {
      throw wrongType(path, "a number", value);
    }
    double number =
        value.isFloatingPointNumber() || value.canConvertToLong()
            ? value.doubleValue()
            : Double.NaN;
    if (!Double.isFinite(number)) {
      throw ApiException.invalid(path, "Invalid '%s': the number is too large.".formatted(path));
    }
    return number;
  }

  static ApiException wrongType(String path, String expected, JsonNode found) {
    return ApiException.invalid(
        path,
        "Invalid type for '%s': expected %s, but got %s."
            .formatted(path, expected, describe(found)),
        "invalid_type");
  }

  private static String describe(JsonNode node) {
    return switch (node.getNodeType()) {
      case ARRAY -> "an array";
      case OBJECT -> "an object";
      case STRING -> "a string";
      case BOOLEAN -> "a boolean";
      case NULL -> "null";
      case NUMBER -> node.isIntegralNumber() ? "an integer" : "a number";
      case BINARY, MISSING, POJO -> "something else";
    };
  }
}
