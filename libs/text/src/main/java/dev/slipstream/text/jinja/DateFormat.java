package dev.slipstream.text.jinja;

import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.time.temporal.ChronoField;
import java.time.temporal.IsoFields;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** strftime() of C in its own locale, with the flags that glibc knows. */
final class DateFormat {
  private DateFormat() {}

  static String format(Budget budget, ZonedDateTime time, String format) {
    StringBuilder out = new StringBuilder();
    for (int at = 0; at < format.length(); at++) {
      budget.text(30);
      char c = format.charAt(at);
      if (c != '%' || at + 1 >= format.length()) {
        out.append(c);
        continue;
      }
      int start = at++;
      char flag = "-_0^#".indexOf(format.charAt(at)) >= 0 ? format.charAt(at++) : 0;
      String field = at < format.length() ? field(time, format.charAt(at)) : null;
      int end = Math.min(at + 1, format.length());
      out.append(field == null ? format.substring(start, end) : flagged(field, flag));
    }
    return out.toString();
  }

  private static String flagged(String field, char flag) {
    return switch (flag) {
      case '-' -> field.replaceFirst("^[0 ]+(?=[0-9])", "");
      case '_' -> spaces(field);
      case '0' -> field.replace(' ', '0');
      case '^', '#' -> field.toUpperCase(Locale.ROOT);
      default -> field;
    };
  }

  private static String spaces(String field) {
    int zeros = 0;
    while (zeros < field.length() - 1 && field.charAt(zeros) == '0') {
      zeros++;
    }
    return " ".repeat(zeros) + field.substring(zeros);
  }

  private static @Nullable String field(ZonedDateTime time, char directive) {
    return switch (directive) {
      case 'a' -> capitalised(time.getDayOfWeek().name()).substring(0, 3);
      case 'A' -> capitalised(time.getDayOfWeek().name());
      case 'b', 'h' -> capitalised(time.getMonth().name()).substring(0, 3);
      case 'B' -> capitalised(time.getMonth().name());
      case 'c' -> join(time, "a b e T Y");
      case 'C' -> padded(time.getYear() / 100, 2);
      case 'd' -> padded(time.getDayOfMonth(), 2);
      case 'D', 'x' -> padded(time.getMonthValue(), 2) + time.format(pattern("/dd/yy"));
      case 'e' -> spaced(time.getDayOfMonth());
      case 'f' -> padded(time.getNano() / 1000, 6);
      case 'F' -> time.format(pattern("yyyy-MM-dd"));
      case 'g' -> padded(time.get(IsoFields.WEEK_BASED_YEAR) % 100, 2);
      case 'G' -> String.valueOf(time.get(IsoFields.WEEK_BASED_YEAR));
      case 'H' -> padded(time.getHour(), 2);
      case 'I' -> padded(time.get(ChronoField.CLOCK_HOUR_OF_AMPM), 2);
      case 'j' -> padded(time.getDayOfYear(), 3);
      case 'k' -> spaced(time.getHour());
      case 'l' -> spaced(time.get(ChronoField.CLOCK_HOUR_OF_AMPM));
      case 'm' -> padded(time.getMonthValue(), 2);
      case 'M' -> padded(time.getMinute(), 2);
      case 'n' -> "\n";
      case 'p' -> time.getHour() < 12 ? "AM" : "PM";
      case 'P' -> time.getHour() < 12 ? "am" : "pm";
      case 'r' -> time.format(pattern("hh:mm:ss ")) + field(time, 'p');
      case 'R' -> time.format(pattern("HH:mm"));
      case 's' -> String.valueOf(time.toEpochSecond());
      case 'S' -> padded(time.getSecond(), 2);
      case 't' -> "\t";
      case 'T', 'X' -> time.format(pattern("HH:mm:ss"));
      case 'u' -> String.valueOf(time.getDayOfWeek().getValue());
      case 'U' -> padded(week(time, time.getDayOfWeek().getValue() % 7), 2);
      case 'V' -> padded(time.get(IsoFields.WEEK_OF_WEEK_BASED_YEAR), 2);
      case 'w' -> String.valueOf(time.getDayOfWeek().getValue() % 7);
      case 'W' -> padded(week(time, time.getDayOfWeek().getValue() - 1), 2);
      case 'y' -> padded(time.getYear() % 100, 2);
      case 'Y' -> String.valueOf(time.getYear());
      // The time that Python's datetime.now() gives knows no zone.
      case 'z', 'Z' -> "";
      case '%' -> "%";
      default -> null;
    };
  }

  private static DateTimeFormatter pattern(String pattern) {
    return DateTimeFormatter.ofPattern(pattern, Locale.ROOT);
  }

  private static String join(ZonedDateTime time, String directives) {
    StringBuilder out = new StringBuilder();
    for (char c : directives.toCharArray()) {
      out.append(c == ' ' ? " " : field(time, c));
    }
    return out.toString();
  }

  private static String capitalised(String name) {
    return name.charAt(0) + name.substring(1).toLowerCase(Locale.ROOT);
  }

  private static String padded(int value, int width) {
    return String.format(Locale.ROOT, "%0" + width + "d", value);
  }

  private static String spaced(int value) {
    return String.format(Locale.ROOT, "%2d", value);
  }

  /**
   * @param day of the week, from 0
   */
  private static int week(ZonedDateTime time, int day) {
    return (time.getDayOfYear() + 6 - day) / 7;
  }
}
