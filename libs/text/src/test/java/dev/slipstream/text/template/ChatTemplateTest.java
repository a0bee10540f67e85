package dev.slipstream.text.template;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.slipstream.models.gguf.GgufWriter;
import dev.slipstream.text.tokenizer.GoldenFiles;
import dev.slipstream.text.tokenizer.TestVocabularies;
import dev.slipstream.text.tokenizer.Tokenizer;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

class ChatTemplateTest {

  private static final Tokenizer TOKENIZER = TestVocabularies.sentencePiece();
  private static final List<ChatTurn> HELLO = List.of(new ChatTurn("user", "Hello"));

  private static ChatTemplate template(String source) {
    return ChatTemplate.of(source, TOKENIZER);
  }

  private static String render(String source) {
    return template(source).render(HELLO, true);
  }

  /** Public templates, each with conversations and what Python's Jinja2 makes of them. */
  static List<JsonNode> templates() throws IOException {
    JsonMapper mapper = JsonMapper.shared();
    var stream = ChatTemplateTest.class.getResourceAsStream("chat-templates.jsonl");
    try (var reader = new BufferedReader(new InputStreamReader(stream, StandardCharsets.UTF_8))) {
      return reader.lines().map(mapper::readTree).toList();
    }
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("templates")
  void rendersAsPythonDoes(JsonNode entry) {
    ChatTemplate template = template(entry.get("template").asString());
    for (JsonNode example : entry.get("cases")) {
      List<ChatTurn> turns = new ArrayList<>();
      for (JsonNode turn : example.get("messages")) {
        turns.add(new ChatTurn(turn.get("role").asString(), turn.get("content").asString()));
      }
      String expected = example.get("expected").asString();
      boolean prompt = example.get("add_generation_prompt").asBoolean();
      if (expected.startsWith("ERR:")) {
        assertThatThrownBy(() -> template.render(turns, prompt))
            .isInstanceOf(ChatTemplateException.class)
            .hasMessage(expected.substring(4));
      } else {
        assertThat(template.render(turns, prompt))
            .as(entry.get("name").asString())
            .isEqualTo(expected);
      }
    }
  }

  @Test
  void theDefaultModelsTemplateGivesTheGoldenPrompts() throws Exception {
    var metadata = GoldenFiles.metadata(GoldenFiles.smollm2());
    ChatTemplate template = ChatTemplate.of(metadata, Tokenizer.of(metadata)).orElseThrow();
    List<JsonNode> lines = GoldenFiles.lines("smollm2.jsonl");
    JsonNode capital =
        lines.stream().filter(l -> l.get("name").asString().equals("capital")).findFirst().get();
    String question = "What is the capital of France?";
    assertThat(template.render(List.of(new ChatTurn("user", question)), true))
        .isEqualTo(capital.get("text").asString());
  }

  @Test
  void aModelWithoutTemplateHasNone() {
    assertThat(ChatTemplate.of(new GgufWriter().parse().metadata(), TOKENIZER)).isEmpty();
  }

  @Test
  void whatUsersWriteIsNeverRunAsTemplate() {
    List<ChatTurn> turns = List.of(new ChatTurn("user", "{{ 7 * 7 }}{% set x = 1 %}{# gone #}"));
    assertThat(template("{{ messages[0].content }}").render(turns, false))
        .isEqualTo("{{ 7 * 7 }}{% set x = 1 %}{# gone #}");
  }

  @Test
  void refusalsComeInTheTemplatesOwnWords() {
    assertThatThrownBy(() -> render("{{ raise_exception('Roles must alternate') }}"))
        .isInstanceOf(ChatTemplateException.class)
        .hasMessage("Roles must alternate");
  }

  @Test
  void errorsNameTheLine() {
    assertThatThrownBy(() -> render("a\nb\n{{ messages[ }}"))
        .isInstanceOf(ChatTemplateException.class)
        .hasMessageContaining("line 3");
    assertThatThrownBy(() -> render("{% nonsense %}"))
        .isInstanceOf(ChatTemplateException.class)
        .hasMessageContaining("nonsense");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{{ 'x'.getClass() }}",
        "{{ messages.getClass().forName('java.lang.Runtime') }}",
        "{{ messages[0].content.getBytes() }}",
        "{{ messages[0].clear() }}",
        "{{ ''.__class__.__mro__() }}"
      })
  void templatesCannotReachJava(String source) {
    assertThatThrownBy(() -> render(source)).isInstanceOf(ChatTemplateException.class);
  }

  @Test
  void templatesCannotReadClassesOrFiles() {
    assertThat(
            render(
                "[{{ messages.class }}{{ 'x'.class }}{{ messages[0].content.bytes }}{{ ''.__class__ }}]"))
        .isEqualTo("[]");
    assertThatThrownBy(() -> render("{% include '/etc/passwd' %}"))
        .isInstanceOf(ChatTemplateException.class);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{{ messages|nosuchfilter }}",
        "{{ messages is nosuchtest }}",
        "{% include 'x' %}",
        "{{ messages|pprint }}",
        "{{ messages[0].content.encode() }}",
        "{{ lipsum() }}",
        "{{ messages|map('random')|list }}",
        "{% block x %}{% endblock %}",
        "{% autoescape true %}{% endautoescape %}",
        "{{ 1 +"
      })
  void whatATemplateNeedsAndWeLackIsNamedWhenItIsLoaded(String source) {
    assertThatThrownBy(() -> template("first line\n" + source))
        .isInstanceOf(ChatTemplateException.class)
        .hasMessageContaining("line 2: ");
  }

  @ParameterizedTest
  @ValueSource(strings = {"{{ x }}", ""})
  void templatesWithoutEndAreStopped(String body) {
    String start = "{% set x = '" + "x".repeat(10_000) + "' %}";
    String loop = "{% for a in range(4000) %}";
    assertThatThrownBy(() -> render(start + loop.repeat(4) + body + "{% endfor %}".repeat(4)))
        .isInstanceOf(ChatTemplateException.class);
  }

  @Test
  void furtherVariablesReachTheTemplate() {
    String source = "{{ 'thinks' if enable_thinking is true else 'answers' }}";
    assertThat(template(source).render(HELLO, true, Map.of("enable_thinking", true)))
        .isEqualTo("thinks");
    assertThat(render(source)).isEqualTo("answers");
  }
}
