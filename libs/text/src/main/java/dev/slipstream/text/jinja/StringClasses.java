package dev.slipstream.text.jinja;

import dev.slipstream.text.jinja.Value.Bool;
import dev.slipstream.text.jinja.Value.Str;
import java.util.Map;
import java.util.function.IntPredicate;
import java.util.function.Predicate;

/** The methods of str that say what characters are in it. */
final class StringClasses {

  static final Map<String, Method<Str>> METHODS =
      Map.ofEntries(
          all("isalnum", Characters::isAlnum),
          all("isalpha", Characters::isAlpha),
          all("isdecimal", Characters::isDecimal),
          all("isdigit", Characters::isDigit),
          all("isnumeric", Characters::isNumeric),
          all("isspace", Characters::isSpace),
          whole("isascii", text -> text.chars().allMatch(c -> c < 0x80)),
          whole("isprintable", text -> text.codePoints().allMatch(Characters::isPrintable)),
          whole("isidentifier", Characters::isIdentifier),
          whole("islower", StringClasses::isLower),
          whole("isupper", StringClasses::isUpper),
          whole("istitle", StringClasses::isTitle));

  private StringClasses() {}

  /** True of strings that have characters, all of them of a class. */
  private static Map.Entry<String, Method<Str>> all(String name, IntPredicate characters) {
    return whole(name, text -> !text.isEmpty() && text.codePoints().allMatch(characters));
  }

  private static Map.Entry<String, Method<Str>> whole(String name, Predicate<String> test) {
    return Map.entry(
        name,
        new Method<>(
            Signature.positional(name),
            (budget, self, arguments) -> {
              budget.steps(self.text().length() / 4);
              return Bool.of(test.test(self.text()));
            }));
  }

  static boolean isLower(String text) {
    return text.codePoints().anyMatch(Character::isLowerCase)
        && text.codePoints().noneMatch(c -> Character.isUpperCase(c) || Character.isTitleCase(c));
  }

  static boolean isUpper(String text) {
    return text.codePoints().anyMatch(Character::isUpperCase)
        && text.codePoints().noneMatch(c -> Character.isLowerCase(c) || Character.isTitleCase(c));
  }

  private static boolean isTitle(String text) {
    boolean cased = false;
    boolean inWord = false;
    for (int c : text.codePoints().toArray()) {
      boolean upper = Character.isUpperCase(c) || Character.isTitleCase(c);
      boolean lower = Character.isLowerCase(c);
      if (upper && inWord || lower && !inWord) {
        return false;
      }
      inWord = upper || lower;
      cased |= inWord;
    }
    return cased;
  }
}
