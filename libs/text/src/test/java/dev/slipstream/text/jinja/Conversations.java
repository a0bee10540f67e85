package dev.slipstream.text.jinja;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;

/** What templates are tried on: all that clients send, and what clients should not send. */
final class Conversations {

  private static final List<String> TEXTS =
      List.of(
          "Hello",
          "What is 2+2?",
          "",
          " ",
          "false",
          "False",
          "0",
          "none",
          "  padded \n",
          "line one\nline two\r\n\tthree\n\n",
          "Grüße, 你好, 😀👩‍👩‍👧 e\u0301",
          "\u001b[31mred\u001b[0m \u0000 \u0007 \b \u007f \u0085 \u2028",
          "<think>step 1</think>answer",
          "<think>\nnever closed",
          "</think>\n\nanswer",
          "{{ 7 * 7 }}{% raw %}{# x #}",
          "\"quoted\" \\ 'single' & <b>bold</b> <|im_end|>",
          "<<SYS>>\nbe brief\n<</SYS>>",
          "{\"json\": [1, 2.5, null, true]}",
          "[INST] x [/INST]");

  private static final Map<String, Object> WEATHER =
      tool(
          "get_weather",
          "The weather at a place, \"now\"",
          ordered(
              "city", ordered("type", "string", "description", "Name of the city"),
              "unit", ordered("type", "string", "enum", List.of("C", "F")),
              "days", ordered("type", "integer", "default", 3)),
          List.of("city"));

  private static final Map<String, Object> NOTHING = tool("ping", "", ordered(), List.of());

  private Conversations() {}

  static Map<String, Object> ordered(Object... pairs) {
    Map<String, Object> map = new LinkedHashMap<>();
    for (int i = 0; i < pairs.length; i += 2) {
      map.put((String) pairs[i], pairs[i + 1]);
    }
    return map;
  }

  private static Map<String, Object> tool(
      String name, String description, Map<String, Object> properties, List<String> required) {
    Map<String, Object> parameters =
        ordered("type", "object", "properties", properties, "required", required);
    return ordered(
        "type",
        "function",
        "function",
        ordered("name", name, "description", description, "parameters", parameters));
  }

  private static Map<String, Object> message(String role, Object content) {
    return ordered("role", role, "content", content);
  }

  private static Map<String, Object> call(Object arguments) {
    return ordered(
        "role",
        "assistant",
        "content",
        "",
        "tool_calls",
        List.of(
            ordered(
                "id",
                "call00001",
                "type",
                "function",
                "function",
                ordered("name", "get_weather", "arguments", arguments))));
  }

  /** Variables of a rendering each. */
  static List<Map<String, Object>> all() {
    List<Map<String, Object>> all = new ArrayList<>();
    plain().forEach(messages -> add(all, messages, Map.of()));
    for (List<Map<String, Object>> messages : plain().subList(0, 6)) {
      add(all, messages, Map.of("enable_thinking", true));
      add(all, messages, Map.of("enable_thinking", false, "thinking", false));
      add(all, messages, Map.of("thinking", true, "reasoning_effort", "high"));
      add(all, messages, Map.of("tools", List.of(WEATHER, NOTHING)));
    }
    withTools().forEach(messages -> add(all, messages, Map.of("tools", List.of(WEATHER))));
    withTools().forEach(messages -> add(all, messages, Map.of()));
    return all;
  }

  private static void add(
      List<Map<String, Object>> all, List<Map<String, Object>> messages, Map<String, ?> more) {
    for (boolean prompt : new boolean[] {true, false}) {
      Map<String, Object> variables = new HashMap<>();
      variables.put("tools", null);
      variables.put("documents", null);
      variables.put("bos_token", "<s>");
      variables.put("eos_token", "</s>");
      variables.putAll(more);
      variables.put("messages", messages);
      variables.put("add_generation_prompt", prompt);
      all.add(variables);
    }
  }

  /** Those of roles and texts alone. */
  private static List<List<Map<String, Object>>> plain() {
    Random random = new Random(7);
    List<List<Map<String, Object>>> all = new ArrayList<>();
    all.add(List.of(message("user", "Hello")));
    all.add(List.of(message("system", "Be terse."), message("user", "Hi")));
    all.add(turns("Hi", "Hello", "Bye"));
    all.add(
        List.of(
            message("system", " Be terse.\n"),
            message("user", "a"),
            message("assistant", "<think>b</think>c"),
            message("user", "d")));
    all.add(turns("Hi", "Hello"));
    for (String text : TEXTS) {
      all.add(List.of(message("user", text)));
      all.add(List.of(message("system", text), message("user", "x"), message("assistant", text)));
    }
    for (int i = 0; i < 10; i++) {
      List<String> texts = new ArrayList<>();
      for (int n = 1 + random.nextInt(7); n > 0; n--) {
        texts.add(TEXTS.get(random.nextInt(TEXTS.size())));
      }
      all.add(turns(texts.toArray(String[]::new)));
    }
    all.add(List.of());
    all.add(List.of(message("system", "alone")));
    all.add(List.of(message("assistant", "first"), message("user", "second")));
    all.add(List.of(message("user", "a"), message("user", "b")));
    all.add(List.of(message("user", "a"), message("system", "late"), message("user", "b")));
    all.add(List.of(message("developer", "dev"), message("user", "b")));
    all.add(List.of(message("stranger", "x")));
    return all;
  }

  private static List<Map<String, Object>> turns(String... texts) {
    List<Map<String, Object>> messages = new ArrayList<>();
    for (String text : texts) {
      messages.add(message(messages.size() % 2 == 0 ? "user" : "assistant", text));
    }
    return messages;
  }

  private static List<List<Map<String, Object>>> withTools() {
    Map<String, Object> result = message("tool", "{\"temperature\": 21.5}");
    result.put("tool_call_id", "call00001");
    result.put("name", "get_weather");
    Map<String, Object> arguments = ordered("city", "Zürich", "days", 2, "exact", null);
    Map<String, Object> thought = message("assistant", "21.5");
    thought.put("reasoning_content", "It is warm.\n");
    List<Object> parts = List.of(ordered("type", "text", "text", "What is this?"));
    return List.of(
        List.of(message("user", "Weather?"), call(arguments), result),
        List.of(message("user", "Weather?"), call("{\"city\": \"Bern\"}"), result),
        List.of(
            message("user", "Weather?"), call(arguments), result, thought, message("user", "ok")),
        List.of(message("system", "s"), message("user", "Weather?"), call(arguments)),
        List.of(message("user", "x"), message("assistant", null)),
        List.of(message("user", parts)),
        List.of(message("system", parts), message("user", parts), message("assistant", parts)),
        List.of(message("user", "a"), result, result));
  }
}
