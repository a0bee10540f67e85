package dev.slipstream.standalone.bench;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * Questions to ask a server. A file has one JSON object with a string {@code prompt} in each line.
 *
 * @param name for the report
 * @param prompts at least one
 */
public record PromptSet(String name, List<String> prompts) {
  private static final JsonMapper JSON = JsonMapper.builder().build();

  /**
   * @param name {@code chat} (open questions), {@code copy} (answers that repeat much of the
   *     prompt), or the path of a file
   * @throws IllegalArgumentException if there is no such set, or a line is not what it must be
   */
  public static PromptSet load(String name) throws IOException {
    String resource = "prompts/" + name + ".jsonl";
    try (InputStream in =
        name.matches("[a-z]+") ? PromptSet.class.getResourceAsStream(resource) : null) {
      if (in != null) {
        return parse(name, new String(in.readAllBytes(), StandardCharsets.UTF_8));
      }
    }
    try {
      return parse(name, Files.readString(Path.of(name)));
    } catch (NoSuchFileException e) {
      throw new IllegalArgumentException(
          "'%s' is neither a set of prompts (chat, copy) nor a file.".formatted(name), e);
    }
  }

  private static PromptSet parse(String name, String text) {
    List<String> prompts = new ArrayList<>();
    int number = 0;
    for (String line : text.lines().toList()) {
      number++;
      if (!line.isBlank()) {
        prompts.add(prompt(name, number, line));
      }
    }
    if (prompts.isEmpty()) {
      throw new IllegalArgumentException(name + " has no prompts.");
    }
    return new PromptSet(name, List.copyOf(prompts));
  }

  private static String prompt(String name, int number, String line) {
    try {
      JsonNode prompt = JSON.readTree(line).path("prompt");
      if (prompt.isString()) {
        return prompt.stringValue();
      }
    } catch (JacksonException e) {
      throw new IllegalArgumentException("%s, line %d is not JSON.".formatted(name, number), e);
    }
    throw new IllegalArgumentException(
        "%s, line %d has no string 'prompt'.".formatted(name, number));
  }
}
