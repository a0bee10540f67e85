package dev.slipstream.text.jinja;

import java.util.Map;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Character references of HTML: numbers, and the names that HTML escaping makes. */
final class HtmlEntities {

  private static final Pattern REFERENCE =
      Pattern.compile("&(?:#(?:[xX]([0-9a-fA-F]{1,6})|([0-9]{1,7}))|(amp|lt|gt|quot|apos|nbsp));");

  private static final Map<String, String> NAMES =
      Map.of("amp", "&", "lt", "<", "gt", ">", "quot", "\"", "apos", "'", "nbsp", "\u00a0");

  private HtmlEntities() {}

  static String unescape(Budget budget, String text) {
    budget.text(text.length());
    return REFERENCE.matcher(text).replaceAll(m -> Matcher.quoteReplacement(character(m)));
  }

  private static String character(MatchResult reference) {
    String name = reference.group(3);
    if (name != null) {
      return NAMES.getOrDefault(name, name);
    }
    int code =
        reference.group(1) != null
            ? Integer.parseInt(reference.group(1), 16)
            : Integer.parseInt(reference.group(2));
    boolean valid =
        Character.isValidCodePoint(code)
            && code != 0
            && !(code >= Character.MIN_SURROGATE && code <= Character.MAX_SURROGATE);
    return valid ? Character.toString(code) : "\ufffd";
  }
}
