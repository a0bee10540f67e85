package dev.slipstream.text.jinja;

import static org.assertj.core.api.Assertions.assertThat;

import dev.slipstream.text.jinja.Jinja2.Outcome;
import dev.slipstream.text.jinja.Jinja2.Request;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * Templates that nobody wrote: whatever a template does, the prompt is what Python makes of it. The
 * system properties slipstream.jinja.seed and slipstream.jinja.rounds repeat and prolong it.
 */
@Tag("slow")
class JinjaPropertyTest {

  /** The same templates everywhere: whoever looks for more faults takes another seed. */
  private static final long SEED = 1;

  private static final int ROUNDS = Integer.getInteger("slipstream.jinja.rounds", 5);
  private static final int BATCH = 200;

  /** Python prints where such objects are in memory. */
  private static final Pattern ADDRESS =
      Pattern.compile(" at 0x|<built-in|<class |<function |object>");

  @Test
  void generatedTemplatesAgreeWithPython() throws IOException {
    long seed = Long.getLong("slipstream.jinja.seed", SEED);
    GeneratedTemplates templates = new GeneratedTemplates(seed);
    int same = 0;
    int errors = 0;
    List<String> wrong = new ArrayList<>();
    try (Jinja2 jinja2 = Jinja2.start()) {
      for (int round = 0; round < ROUNDS; round++) {
        List<Request> requests = new ArrayList<>();
        for (int i = 0; i < BATCH; i++) {
          requests.add(templates.next());
        }
        List<Outcome> answers = jinja2.render(requests);
        for (int i = 0; i < BATCH; i++) {
          Outcome theirs = answers.get(i);
          Outcome ours = Jinja2.ours(requests.get(i));
          errors += theirs.error() == null ? 0 : 1;
          if (theirs.agrees(ours)) {
            same++;
          } else if (!ADDRESS.matcher(theirs.text()).find()) {
            wrong.add(
                "%s%n  with %s%n  expected %s%n  got      %s"
                    .formatted(
                        requests.get(i).template(), requests.get(i).variables(), theirs, ours));
          }
        }
      }
    }
    System.out.printf(
        "%d generated templates agree with jinja2, %d of them by an error (seed %d)%n",
        same, errors, seed);
    wrong.sort((a, b) -> Integer.compare(a.length(), b.length()));
    assertThat(wrong)
        .as("seed %d, %d wrong, such as%n%s", seed, wrong.size(), some(wrong))
        .isEmpty();
  }

  private static String some(List<String> wrong) {
    return String.join("\n", wrong.subList(0, Math.min(8, wrong.size())));
  }
}
