package dev.slipstream.gateway.access;

import dev.slipstream.gateway.application.ApiError;
import dev.slipstream.gateway.application.ApiException;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** The keys that are good now. Thread-safe; they can be replaced at any time. */
public final class ApiKeys {
  private static final String SCHEME = "bearer ";

  private final boolean required;
  private volatile List<KeyUse> keys = List.of();

  /**
   * @param required false lets everybody in; true with no keys nobody
   */
  public ApiKeys(boolean required) {
    this.required = required;
  }

  public boolean required() {
    return required;
  }

  /** What a key that stays has used already still counts. */
  public void replace(List<ApiKey> replacements) {
    requireDistinct(replacements);
    Map<ApiKey, KeyUse> known =
        keys.stream().collect(Collectors.toMap(KeyUse::key, Function.identity()));
    keys =
        replacements.stream()
            .map(key -> known.containsKey(key) ? known.get(key) : new KeyUse(key))
            .toList();
  }

  private static void requireDistinct(List<ApiKey> keys) {
    Set<Object> seen = new HashSet<>();
    for (ApiKey key : keys) {
      if (!seen.add(key.name()) || !seen.add(key.hash())) {
        throw new IllegalArgumentException("the key '" + key.name() + "' is configured twice");
      }
    }
  }

  /**
   * Whose key it is; empty where none is needed.
   *
   * @param authorization as in {@code Bearer KEY}; null if the client sent none
   * @throws ApiException with {@link ApiError.Unauthenticated}
   */
  public Optional<KeyUse> authenticate(@Nullable String authorization) {
    if (!required) {
      return Optional.empty();
    }
    if (authorization == null || !authorization.toLowerCase(Locale.ROOT).startsWith(SCHEME)) {
      throw refused(
          "An API key is required. Send it in the Authorization header: 'Authorization: Bearer"
              + " KEY'.");
    }
    KeyHash presented = KeyHash.of(authorization.substring(SCHEME.length()).strip());
    KeyUse found = null;
    // All of them, so that the time does not tell which key it is.
    for (KeyUse candidate : keys) {
      if (candidate.key().hash().matches(presented)) {
        found = candidate;
      }
    }
    if (found == null) {
      throw refused("The API key is not valid.");
    }
    return Optional.of(found);
  }

  private static ApiException refused(String message) {
    return new ApiException(new ApiError.Unauthenticated(message));
  }
}
