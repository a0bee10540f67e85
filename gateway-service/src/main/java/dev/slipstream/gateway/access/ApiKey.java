package dev.slipstream.gateway.access;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;

/**
 * What is configured about a key. The key itself is known to its owner only.
 *
 * @param name for logs; letters, digits, '.', '_' and '-', at most 64
 * @param hash of the key
 * @param tenant whose cached prefixes its requests share; of the same form
 * @param limits what it may use
 */
public record ApiKey(String name, KeyHash hash, String tenant, Limits limits) {
  private static final Pattern NAME = Pattern.compile("[A-Za-z0-9._-]{1,64}");
  private static final String TENANT = "tenant";
  private static final String REQUESTS = "requests-per-minute";
  private static final String TOKENS = "tokens-per-minute";
  private static final String CONCURRENT = "max-concurrent";

  /**
   * @param requestsPerMinute 0 for no limit
   * @param tokensPerMinute of prompts and answers together; 0 for no limit
   * @param maxConcurrent requests at a time; 0 for no limit
   */
  public record Limits(int requestsPerMinute, int tokensPerMinute, int maxConcurrent) {
    public static final Limits NONE = new Limits(0, 0, 0);
  }

  /**
   * @throws IllegalArgumentException if a name is not of the allowed form
   */
  public ApiKey {
    require(NAME.matcher(name).matches(), "a key's name has 1 to 64 of A-Z a-z 0-9 . _ -");
    require(NAME.matcher(tenant).matches(), "a tenant has 1 to 64 of A-Z a-z 0-9 . _ -");
  }

  /**
   * Reads {@code NAME sha256:HEX [tenant=T] [requests-per-minute=N] [tokens-per-minute=N]
   * [max-concurrent=N]}; the tenant is the name if there is none.
   *
   * @throws IllegalArgumentException saying what is wrong, without quoting what may be a secret
   */
  public static ApiKey parse(String line) {
    String[] words = line.strip().split("\\s+");
    require(words.length >= 2, "a key is 'NAME sha256:HASH', optionally followed by settings");
    Map<String, String> settings = new HashMap<>();
    for (int i = 2; i < words.length; i++) {
      int equals = words[i].indexOf('=');
      require(equals > 0, "a key's settings have the form name=value");
      String name = words[i].substring(0, equals);
      require(
          settings.put(name, words[i].substring(equals + 1)) == null,
          "a key has the same setting twice");
    }
    ApiKey key =
        new ApiKey(
            words[0],
            KeyHash.parse(words[1]),
            settings.getOrDefault(TENANT, words[0]),
            new Limits(
                number(settings, REQUESTS),
                number(settings, TOKENS),
                number(settings, CONCURRENT)));
    settings.keySet().removeAll(List.of(TENANT, REQUESTS, TOKENS, CONCURRENT));
    require(
        settings.isEmpty(),
        "a key may have the settings %s, %s, %s and %s only"
            .formatted(TENANT, REQUESTS, TOKENS, CONCURRENT));
    return key;
  }

  /** The line that {@link #parse} reads. */
  public String line() {
    List<String> words = new ArrayList<>(List.of(name, hash.toString(), TENANT + "=" + tenant));
    add(words, REQUESTS, limits.requestsPerMinute());
    add(words, TOKENS, limits.tokensPerMinute());
    add(words, CONCURRENT, limits.maxConcurrent());
    return String.join(" ", words);
  }

  private static void add(List<String> words, String name, int value) {
    if (value > 0) {
      words.add(name + "=" + value);
    }
  }

  private static int number(Map<String, String> settings, String name) {
    String value = settings.get(name);
    if (value == null) {
      return 0;
    }
    require(value.matches("[1-9][0-9]{0,8}"), name + " must be a number from 1 to 999999999");
    return Integer.parseInt(value);
  }

  private static void require(boolean condition, String message) {
    if (!condition) {
      throw new IllegalArgumentException(message);
    }
  }
}
