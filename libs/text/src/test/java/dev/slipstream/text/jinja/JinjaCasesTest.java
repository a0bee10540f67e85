package dev.slipstream.text.jinja;

import static org.assertj.core.api.Assertions.assertThat;

import dev.slipstream.text.jinja.Jinja2.Outcome;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.core.type.TypeReference;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * Templates with what Python's jinja2 made of them, one of the ways in which a prompt could be
 * wrong each. {@code jinja_reference.py fill} writes the expected values into the file.
 */
class JinjaCasesTest {

  private static final JsonMapper MAPPER = JsonMapper.shared();

  private static List<JsonNode> cases() throws IOException {
    var stream = JinjaCasesTest.class.getResourceAsStream("jinja-cases.jsonl");
    try (var reader = new BufferedReader(new InputStreamReader(stream, StandardCharsets.UTF_8))) {
      return reader.lines().map(MAPPER::readTree).toList();
    }
  }

  static List<String> templates() throws IOException {
    return cases().stream().map(example -> example.get("template").asString()).toList();
  }

  /** Some of which have other digits, or other letters in upper case. */
  @ParameterizedTest
  @ValueSource(strings = {"en-GB", "ar-EG-u-nu-arab", "th-TH-u-ca-buddhist-nu-thai", "tr-TR"})
  void promptsAreWhatPythonMakesOfThemInEveryLocale(String language) throws IOException {
    Locale usual = Locale.getDefault();
    Locale.setDefault(Locale.forLanguageTag(language));
    try {
      assertPromptsAreWhatPythonMakesOfThem();
    } finally {
      Locale.setDefault(usual);
    }
  }

  private static void assertPromptsAreWhatPythonMakesOfThem() throws IOException {
    List<String> wrong = new ArrayList<>();
    for (JsonNode example : cases()) {
      String template = example.get("template").asString();
      Map<String, Object> variables =
          MAPPER.convertValue(example.get("variables"), new TypeReference<>() {});
      Outcome expected = Jinja2.outcome(example);
      Outcome ours = Jinja2.ours(new Jinja2.Request(template, variables));
      if (!expected.agrees(ours)) {
        wrong.add("%s\n  expected %s\n  got      %s".formatted(template, expected, ours));
      }
    }
    assertThat(wrong).as(String.join("\n", wrong)).isEmpty();
  }
}
