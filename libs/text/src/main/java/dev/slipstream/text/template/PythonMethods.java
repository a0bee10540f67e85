package dev.slipstream.text.template;

import dev.slipstream.text.tokenizer.TextClasses;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.function.IntConsumer;
import java.util.function.IntPredicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The methods of Python's str, dict and list that chat templates call. */
final class PythonMethods {

  private static final Pattern FIELD = Pattern.compile("\\{\\{|}}|\\{(\\d{0,3})}");

  private PythonMethods() {}

  static Object call(String text, String method, Object[] arguments) {
    return switch (method) {
      case TemplateSyntax.SLICE -> {
        StringBuilder part = new StringBuilder();
        slice(text.length(), arguments, i -> part.append(text.charAt(i)));
        yield part.toString();
      }
      case "strip" -> strip(text, arguments, true, true);
      case "lstrip" -> strip(text, arguments, true, false);
      case "rstrip" -> strip(text, arguments, false, true);
      case "split" -> split(text, arguments);
      case "rsplit" -> splitFromEnd(text, arguments);
      case "splitlines" -> lines(text);
      case "startswith" -> options(arguments[0]).stream().anyMatch(text::startsWith);
      case "endswith" -> options(arguments[0]).stream().anyMatch(text::endsWith);
      case "replace" -> replace(text, arguments);
      case "upper" -> text.toUpperCase(Locale.ROOT);
      case "lower" -> text.toLowerCase(Locale.ROOT);
      case "capitalize" -> capitalize(text);
      case "title" -> title(text);
      case "join" -> join(text, arguments[0]);
      case "find" -> (long) text.indexOf(string(arguments, 0));
      case "rfind" -> (long) text.lastIndexOf(string(arguments, 0));
      case "count" -> (long) text.split(quote(string(arguments, 0)), -1).length - 1;
      case "isdigit" -> !text.isEmpty() && text.chars().allMatch(Character::isDigit);
      case "format" -> format(text, arguments);
      case "removeprefix" -> {
        String prefix = string(arguments, 0);
        yield text.startsWith(prefix) ? text.substring(prefix.length()) : text;
      }
      case "removesuffix" -> {
        String suffix = string(arguments, 0);
        yield text.endsWith(suffix) ? text.substring(0, text.length() - suffix.length()) : text;
      }
      default -> throw unknown(text, method);
    };
  }

  /** Fields without a format: the next argument, or one by its number. */
  private static String format(String text, Object[] arguments) {
    int[] next = {0};
    return FIELD
        .matcher(text)
        .replaceAll(
            field -> {
              if (field.group().equals("{{") || field.group().equals("}}")) {
                return field.group().substring(1);
              }
              int index = field.group(1).isEmpty() ? next[0]++ : Integer.parseInt(field.group(1));
              return Matcher.quoteReplacement(string(arguments, index));
            });
  }

  static Object call(Map<?, ?> map, String method, Object[] arguments) {
    return switch (method) {
      case "items" ->
          map.entrySet().stream().map(e -> Arrays.asList(e.getKey(), e.getValue())).toList();
      case "keys" -> new ArrayList<>(map.keySet());
      case "values" -> new ArrayList<>(map.values());
      case "get" -> {
        Object value = map.get(arguments[0]);
        yield value == null && arguments.length > 1 ? arguments[1] : value;
      }
      default -> throw unknown(map, method);
    };
  }

  @SuppressWarnings("unchecked")
  static Object call(List<?> list, String method, Object[] arguments) {
    return switch (method) {
      case TemplateSyntax.SLICE -> {
        List<Object> part = new ArrayList<>();
        slice(list.size(), arguments, i -> part.add(list.get(i)));
        yield part;
      }
      case "append" -> {
        ((List<Object>) list).add(arguments[0]);
        yield null;
      }
      case "index" -> (long) list.indexOf(arguments[0]);
      case "count" -> list.stream().filter(e -> Objects.equals(e, arguments[0])).count();
      default -> throw unknown(list, method);
    };
  }

  static ChatTemplateException unknown(Object base, String method) {
    return new ChatTemplateException(
        "." + method + "() is not supported on a " + base.getClass().getSimpleName());
  }

  /** Visits the indices of a Python slice. */
  private static void slice(int size, Object[] arguments, IntConsumer visitor) {
    int step = arguments[2] instanceof Number n ? n.intValue() : 1;
    if (step == 0) {
      throw new ChatTemplateException("slice: the step is 0");
    }
    int first = step > 0 ? 0 : -1;
    int from = bound(arguments[0], size, first, step > 0 ? 0 : size - 1);
    int to = bound(arguments[1], size, first, step > 0 ? size : -1);
    for (int i = from; step > 0 ? i < to : i > to; i += step) {
      visitor.accept(i);
    }
  }

  /** A bound of a slice; negative ones count from the end, and all are limited to the size. */
  private static int bound(Object given, int size, int lowest, int absent) {
    if (!(given instanceof Number number)) {
      return absent;
    }
    long index = number.longValue() < 0 ? number.longValue() + size : number.longValue();
    return (int) Math.clamp(index, lowest, lowest + size);
  }

  private static String string(Object[] arguments, int index) {
    return String.valueOf(arguments[index]);
  }

  private static String quote(String text) {
    return Pattern.quote(text);
  }

  private static List<String> options(Object argument) {
    return argument instanceof List<?> list
        ? list.stream().map(String::valueOf).toList()
        : List.of(String.valueOf(argument));
  }

  private static String strip(String text, Object[] arguments, boolean left, boolean right) {
    String characters = arguments.length == 0 ? null : string(arguments, 0);
    IntPredicate stripped =
        characters == null ? PythonMethods::isSpace : c -> characters.indexOf(c) >= 0;
    int from = 0;
    int to = text.length();
    while (left && from < to && stripped.test(text.charAt(from))) {
      from++;
    }
    while (right && to > from && stripped.test(text.charAt(to - 1))) {
      to--;
    }
    return text.substring(from, to);
  }

  private static boolean isSpace(int c) {
    return TextClasses.isSpace(c) || c >= 0x1c && c <= 0x1f;
  }

  private static List<Object> split(String text, Object[] arguments) {
    if (arguments.length == 0 || arguments[0] == null) {
      return words(text);
    }
    String separator = separator(arguments);
    long limit = arguments.length > 1 ? ((Number) arguments[1]).longValue() : -1;
    List<Object> parts = new ArrayList<>();
    int from = 0;
    for (int at = text.indexOf(separator); at >= 0; at = text.indexOf(separator, from)) {
      if (limit >= 0 && parts.size() >= limit) {
        break;
      }
      parts.add(text.substring(from, at));
      from = at + separator.length();
    }
    parts.add(text.substring(from));
    return parts;
  }

  private static List<Object> splitFromEnd(String text, Object[] arguments) {
    List<Object> parts = split(text, Arrays.copyOf(arguments, Math.min(1, arguments.length)));
    if (arguments.length > 1) {
      int keep = ((Number) arguments[1]).intValue() + 1;
      while (keep > 0 && parts.size() > keep) {
        parts.set(0, parts.get(0) + separator(arguments) + parts.remove(1));
      }
    }
    return parts;
  }

  private static String separator(Object[] arguments) {
    String separator = string(arguments, 0);
    if (separator.isEmpty()) {
      throw new ChatTemplateException("split: empty separator");
    }
    return separator;
  }

  private static List<Object> words(String text) {
    List<Object> words = new ArrayList<>();
    int from = 0;
    for (int i = 0; i <= text.length(); i++) {
      if (i == text.length() || isSpace(text.charAt(i))) {
        if (i > from) {
          words.add(text.substring(from, i));
        }
        from = i + 1;
      }
    }
    return words;
  }

  private static List<Object> lines(String text) {
    return new ArrayList<>(text.lines().toList());
  }

  private static String replace(String text, Object[] arguments) {
    return text.replace(string(arguments, 0), string(arguments, 1));
  }

  private static String capitalize(String text) {
    return text.isEmpty()
        ? text
        : text.substring(0, 1).toUpperCase(Locale.ROOT)
            + text.substring(1).toLowerCase(Locale.ROOT);
  }

  private static String title(String text) {
    StringBuilder out = new StringBuilder(text.length());
    boolean inWord = false;
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      out.append(inWord ? Character.toLowerCase(c) : Character.toTitleCase(c));
      inWord = Character.isLetter(c);
    }
    return out.toString();
  }

  private static String join(String separator, Object parts) {
    List<String> texts = new ArrayList<>();
    ((Iterable<?>) parts).forEach(part -> texts.add(String.valueOf(part)));
    return String.join(separator, texts);
  }
}
