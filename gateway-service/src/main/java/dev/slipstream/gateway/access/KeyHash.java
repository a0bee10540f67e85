package dev.slipstream.gateway.access;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.regex.Pattern;

/**
 * SHA-256 of a key, which is what is configured. Keys are 256 random bits, so that there is nothing
 * to guess and a hash that is slow on purpose, as for passwords, would protect nothing more.
 *
 * @param hex 64 hexadecimal digits in lower case
 */
public record KeyHash(String hex) {
  private static final String PREFIX = "sha256:";
  private static final Pattern FORM = Pattern.compile("sha256:[0-9a-f]{64}");

  /**
   * Reads {@code sha256:HEX}.
   *
   * @throws IllegalArgumentException if it is anything else, which is not quoted: somebody may have
   *     configured the key itself
   */
  public static KeyHash parse(String text) {
    if (!FORM.matcher(text).matches()) {
      throw new IllegalArgumentException(
          "a key's hash is 'sha256:' and 64 hexadecimal digits; 'slipstream key create' prints it");
    }
    return new KeyHash(text.substring(PREFIX.length()));
  }

  public static KeyHash of(String key) {
    try {
      MessageDigest sha256 = MessageDigest.getInstance("SHA-256");
      return new KeyHash(
          HexFormat.of().formatHex(sha256.digest(key.getBytes(StandardCharsets.UTF_8))));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JDK has SHA-256", e);
    }
  }

  /** Takes the same time wherever the first difference is. */
  boolean matches(KeyHash other) {
    return MessageDigest.isEqual(
        hex.getBytes(StandardCharsets.US_ASCII), other.hex.getBytes(StandardCharsets.US_ASCII));
  }

  /** As {@link #parse} reads it. */
  @Override
  public String toString() {
    return PREFIX + hex;
  }
}
