package dev.slipstream.gateway.text;

import java.util.List;

/**
 * Looks for stop strings in a text that comes in pieces and holds back what may be the beginning of
 * one. The stop string that is complete first wins (among those, the one that began first), so the
 * result does not depend on how the text is cut. Not thread-safe.
 */
public final class StopMatcher {
  private final List<String> stops;
  private final StringBuilder held = new StringBuilder();
  private boolean matched;

  /**
   * @param stops none of them empty
   */
  public StopMatcher(List<String> stops) {
    this.stops = List.copyOf(stops);
  }

  /** The text that can be given out now; after a match, nothing. */
  public String append(String text) {
    if (matched || text.isEmpty()) {
      return "";
    }
    held.append(text);
    int at = firstMatch();
    if (at >= 0) {
      matched = true;
      return held.substring(0, at);
    }
    int keepFrom = possibleStart();
    String released = held.substring(0, keepFrom);
    held.delete(0, keepFrom);
    return released;
  }

  /** What was held back in vain, as the text has ended. */
  public String finish() {
    String rest = matched ? "" : held.toString();
    held.setLength(0);
    return rest;
  }

  /** Whether a stop string has occurred. */
  public boolean matched() {
    return matched;
  }

  private int firstMatch() {
    int start = -1;
    int end = Integer.MAX_VALUE;
    for (String stop : stops) {
      int at = held.indexOf(stop);
      int stopEnd = at + stop.length();
      if (at >= 0 && (stopEnd < end || stopEnd == end && at < start)) {
        start = at;
        end = stopEnd;
      }
    }
    return start;
  }

  /** Start of the longest tail with which a stop string may begin. */
  private int possibleStart() {
    int longest = stops.stream().mapToInt(String::length).max().orElse(0) - 1;
    for (int from = Math.max(0, held.length() - longest); from < held.length(); from++) {
      String tail = held.substring(from);
      if (stops.stream().anyMatch(stop -> stop.startsWith(tail))) {
        return from;
      }
    }
    return held.length();
  }
}
