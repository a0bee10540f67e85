package dev.slipstream.text.jinja;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.BufferedReader;
import java.io.BufferedWriter;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * Python's jinja2 in a process of its own. SLIPSTREAM_JINJA_PYTHON names a Python that has it;
 * without that, tests that compare with it are skipped.
 */
final class Jinja2 implements AutoCloseable {

  /** The time that the other side always has. */
  static final Clock CLOCK =
      Clock.fixed(Instant.parse("2024-07-06T15:04:05.000678Z"), ZoneOffset.UTC);

  private static final JsonMapper MAPPER = JsonMapper.shared();

  private final Process process;
  private final BufferedWriter questions;
  private final BufferedReader answers;

  private Jinja2(Process process) {
    this.process = process;
    this.questions = process.outputWriter(UTF_8);
    this.answers = process.inputReader(UTF_8);
  }

  static Jinja2 start() throws IOException {
    String python = System.getenv("SLIPSTREAM_JINJA_PYTHON");
    assumeTrue(
        python != null,
        "skipped: SLIPSTREAM_JINJA_PYTHON names no Python with jinja2 to compare with");
    String script = Path.of("src/test/python/jinja_reference.py").toAbsolutePath().toString();
    return new Jinja2(
        new ProcessBuilder(python, script, "serve")
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start());
  }

  /**
   * What came of a template: text, or an error.
   *
   * @param error null if there is none, or what kind it is: syntax, refusal, failure or limit
   * @param text the output or the message
   */
  record Outcome(String error, String text) {

    /** Whether it is the same, but for the words of errors that are not the template's own. */
    boolean agrees(Outcome other) {
      if (error == null || other.error == null) {
        return error == null && other.error == null && text.equals(other.text);
      }
      if (text.startsWith("RecursionError")) {
        return other.error.equals("limit");
      }
      return error.equals(other.error) && (!error.equals("refusal") || text.equals(other.text));
    }
  }

  /** A template and what it is given. */
  record Request(String template, Map<String, ?> variables) {}

  List<Outcome> render(List<Request> requests) {
    try {
      questions.write(MAPPER.writeValueAsString(requests));
      questions.newLine();
      questions.flush();
      List<Outcome> outcomes = new ArrayList<>();
      MAPPER.readTree(answers.readLine()).forEach(answer -> outcomes.add(outcome(answer)));
      return outcomes;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  static Outcome outcome(JsonNode answer) {
    return answer.has("error")
        ? new Outcome(answer.get("error").asString(), answer.get("message").asString())
        : new Outcome(null, answer.get("output").asString());
  }

  /** What we make of a template. */
  static Outcome ours(Request request) {
    try {
      String output = Template.parse(request.template()).render(request.variables(), CLOCK);
      return new Outcome(null, output);
    } catch (JinjaException e) {
      return new Outcome(e.kind().name().toLowerCase(Locale.ROOT), e.getMessage());
    }
  }

  @Override
  public void close() throws IOException {
    questions.close();
    process.destroy();
  }
}
