package dev.slipstream.gateway.text;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;

/**
 * Whoever breaks this shows users a stop string, swallows text that only looked like one, or ends
 * the answer elsewhere when its tokens are cut differently.
 */
class StopMatcherTest {

  @Property
  void textEndsBeforeTheStringThatIsCompleteFirstHoweverItIsCut(
      @ForAll("pieces") List<String> pieces, @ForAll("stops") List<String> stops) {
    StopMatcher matcher = new StopMatcher(stops);
    StringBuilder given = new StringBuilder();
    String read = "";
    for (String piece : pieces) {
      given.append(matcher.append(piece));
      read += piece;
      String soFar = expected(read, stops);
      // What is held back is at most the beginning of a stop string.
      assertThat(soFar).startsWith(given.toString());
      String held = soFar.substring(given.length());
      assertThat(held.isEmpty() || stops.stream().anyMatch(stop -> stop.startsWith(held))).isTrue();
    }
    given.append(matcher.finish());

    assertThat(given.toString()).isEqualTo(expected(read, stops));
    assertThat(matcher.matched()).isEqualTo(stops.stream().anyMatch(read::contains));
  }

  /** Looks at every end, and there for the longest stop string. */
  private static String expected(String text, List<String> stops) {
    for (int end = 1; end <= text.length(); end++) {
      String head = text.substring(0, end);
      int longest = stops.stream().filter(head::endsWith).mapToInt(String::length).max().orElse(0);
      if (longest > 0) {
        return head.substring(0, end - longest);
      }
    }
    return text;
  }

  /** Two letters, so that strings overlap with themselves and with one another. */
  @Provide
  Arbitrary<List<String>> pieces() {
    return Arbitraries.strings().withChars('a', 'b').ofMaxLength(4).list().ofMaxSize(12);
  }

  @Provide
  Arbitrary<List<String>> stops() {
    return Arbitraries.strings()
        .withChars('a', 'b')
        .ofMinLength(1)
        .ofMaxLength(7)
        .list()
        .ofMaxSize(4);
  }
}
