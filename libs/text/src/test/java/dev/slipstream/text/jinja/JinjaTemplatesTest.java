package dev.slipstream.text.jinja;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.slipstream.text.jinja.Jinja2.Outcome;
import dev.slipstream.text.jinja.Jinja2.Request;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * The templates of models that are in use. SLIPSTREAM_CHAT_TEMPLATES names a folder of them, such
 * as models/templates of llama.cpp; their licences keep them out of this repository.
 */
@Tag("slow")
class JinjaTemplatesTest {

  private static List<Path> templates() throws IOException {
    String folder = System.getenv("SLIPSTREAM_CHAT_TEMPLATES");
    assumeTrue(
        folder != null, "skipped: SLIPSTREAM_CHAT_TEMPLATES names no folder of *.jinja files");
    try (var files = Files.list(Path.of(folder))) {
      return files.filter(file -> file.toString().endsWith(".jinja")).sorted().toList();
    }
  }

  @Test
  void promptsOfKnownModelsAreWhatPythonMakesOfThem() throws IOException {
    List<Path> templates = templates();
    List<Map<String, Object>> conversations = Conversations.all();
    List<String> wrong = new ArrayList<>();
    int refusals = 0;
    int failures = 0;
    try (Jinja2 jinja2 = Jinja2.start()) {
      for (Path file : templates) {
        String template = Files.readString(file);
        List<Request> requests =
            conversations.stream().map(variables -> new Request(template, variables)).toList();
        List<Outcome> answers = jinja2.render(requests);
        for (int i = 0; i < requests.size(); i++) {
          Outcome theirs = answers.get(i);
          Outcome ours = Jinja2.ours(requests.get(i));
          refusals += "refusal".equals(theirs.error()) ? 1 : 0;
          failures += "failure".equals(theirs.error()) ? 1 : 0;
          if (!theirs.agrees(ours)) {
            wrong.add(
                "%s %s\n  expected %s\n  got      %s"
                    .formatted(file.getFileName(), conversations.get(i), theirs, ours));
          }
        }
      }
    }
    System.out.printf(
        "%d templates x %d conversations compared with jinja2, of which %d refused and %d failing%n",
        templates.size(), conversations.size(), refusals, failures);
    assertThat(templates).isNotEmpty();
    assertThat(wrong).as("%d wrong, such as%n%s", wrong.size(), some(wrong)).isEmpty();
  }

  private static String some(List<String> wrong) {
    return String.join("\n", wrong.subList(0, Math.min(5, wrong.size())));
  }
}
