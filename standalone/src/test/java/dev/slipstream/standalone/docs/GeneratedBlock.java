package dev.slipstream.standalone.docs;

import static org.assertj.core.api.Assertions.assertThat;

import dev.slipstream.standalone.architecture.Repository;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A part of a page in {@code docs/} that is made from the code, between two comments.
 *
 * @param page below {@code docs/}
 * @param name that the comments state
 */
public record GeneratedBlock(String page, String name) {
  private static final String WRITE = "slipstream.docs.write";

  private static final Pattern ANY =
      Pattern.compile(
          "<!-- begin ([a-z-]+): generated.*?-->\\n(.*?)<!-- end \\1 -->\\n", Pattern.DOTALL);

  /** The comments with nothing between them, for a page that has no such block yet. */
  private static String comments(String name, String content) {
    return "<!-- begin %s: generated, see CONTRIBUTING -->\n%s<!-- end %s -->\n"
        .formatted(name, content, name);
  }

  /** Puts the content there if whoever runs the tests asks for it; else it must be there. */
  public void mustBe(String content) {
    Path file = Repository.root().resolve("docs").resolve(page);
    try {
      String text = Files.readString(file);
      if (Boolean.getBoolean(WRITE)) {
        Files.writeString(file, replaced(text, content));
      } else {
        assertThat(content(text))
            .as("%s, '%s': stale. Write it anew with -D%s=true (CONTRIBUTING)", file, name, WRITE)
            .isEqualTo(content);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private String replaced(String text, String content) {
    content(text);
    return ANY.matcher(text)
        .replaceAll(
            block ->
                Matcher.quoteReplacement(
                    block.group(1).equals(name) ? comments(name, content) : block.group()));
  }

  private String content(String text) {
    return ANY.matcher(text)
        .results()
        .filter(block -> block.group(1).equals(name))
        .map(block -> block.group(2))
        .findFirst()
        .orElseThrow(
            () -> new AssertionError("docs/" + page + " needs the lines\n" + comments(name, "")));
  }

  /** A page without the contents of such blocks: what people have written. */
  public static String writtenByHand(String page) {
    return ANY.matcher(page).replaceAll("");
  }
}
