package dev.slipstream.text.jinja;

import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The filters of jinja2 by their names. */
final class Filters {

  /** Filters of jinja2 for other uses than chat templates. */
  private static final Set<String> UNSUPPORTED = Set.of("pprint", "random", "urlize", "wordwrap");

  private static final Map<String, Filter> FILTERS = new HashMap<>();

  static {
    FILTERS.putAll(TextFilters.FILTERS);
    FILTERS.putAll(HtmlFilters.FILTERS);
    FILTERS.putAll(NumberFilters.FILTERS);
    FILTERS.putAll(ListFilters.FILTERS);
    FILTERS.putAll(OrderFilters.FILTERS);
    FILTERS.putAll(ChoiceFilters.FILTERS);
  }

  private Filters() {}

  /** A filter, or null. */
  static @Nullable Filter find(String name) {
    return FILTERS.get(name);
  }

  static boolean isUnsupported(String name) {
    return UNSUPPORTED.contains(name);
  }

  static String missing(String name) {
    return isUnsupported(name)
        ? "the filter '" + name + "' is not supported in chat templates"
        : "No filter named '" + name + "'.";
  }
}
