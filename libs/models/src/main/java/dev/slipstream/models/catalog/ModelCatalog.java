package dev.slipstream.models.catalog;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.constructor.SafeConstructor;
import org.yaml.snakeyaml.error.YAMLException;

/** The models that have a short name: {@code models.yaml} and what the user adds to it. */
public final class ModelCatalog {

  private final Map<String, CatalogEntry> entries;
  private final String defaultId;

  private ModelCatalog(Map<String, CatalogEntry> entries, String defaultId) {
    this.entries = entries;
    this.defaultId = defaultId;
  }

  /**
   * The built-in catalogue, with the entries of {@code userFile} if there is such a file.
   *
   * @throws IllegalArgumentException if the user's file is malformed; the message names it
   */
  public static ModelCatalog load(Path userFile) {
    Document builtIn;
    try (InputStream in = ModelCatalog.class.getResourceAsStream("models.yaml")) {
      builtIn = Document.parse(in, "models.yaml");
    } catch (IOException e) {
      throw new IllegalStateException("The built-in catalogue cannot be read.", e);
    }
    if (!Files.exists(userFile)) {
      return new ModelCatalog(builtIn.entries(), builtIn.defaultId().orElseThrow());
    }
    try (InputStream in = Files.newInputStream(userFile)) {
      Document user = Document.parse(in, userFile.toString());
      Map<String, CatalogEntry> all = new LinkedHashMap<>(builtIn.entries());
      all.putAll(user.entries());
      return new ModelCatalog(all, user.defaultId().or(builtIn::defaultId).orElseThrow());
    } catch (IOException e) {
      throw new IllegalArgumentException(userFile + " cannot be read: " + e.getMessage(), e);
    }
  }

  /** In the order of the files. */
  public Collection<CatalogEntry> entries() {
    return entries.values();
  }

  /** The entry of that name. */
  public Optional<CatalogEntry> find(String id) {
    return Optional.ofNullable(entries.get(id));
  }

  /** The entry that names this package, with or without its version, among its sources. */
  Optional<CatalogEntry> findPackage(String requirement) {
    return entries.values().stream()
        .filter(
            e ->
                e.sources().stream()
                    .anyMatch(
                        s ->
                            s instanceof ModelReference.PythonPackage(String r)
                                && (r.equals(requirement) || r.startsWith(requirement + "=="))))
        .findFirst();
  }

  /** The model that is used when none is named. */
  public String defaultId() {
    return defaultId;
  }

  /** One file, read strictly: a misspelt key is an error, not a default. */
  private record Document(Map<String, CatalogEntry> entries, Optional<String> defaultId) {

    static Document parse(InputStream in, String name) {
      try {
        Object root = new Yaml(new SafeConstructor(new LoaderOptions())).load(in);
        Fields top = new Fields(root == null ? Map.of() : root, "the document");
        Map<String, CatalogEntry> entries = new LinkedHashMap<>();
        for (Object item : top.list("models")) {
          CatalogEntry entry = entry(new Fields(item, "an entry of 'models'"));
          if (entries.put(entry.id(), entry) != null) {
            throw new IllegalArgumentException("'" + entry.id() + "' occurs twice.");
          }
        }
        Optional<String> defaultId = top.optional("default");
        top.noOthers();
        return new Document(entries, defaultId);
      } catch (YAMLException | IllegalArgumentException e) {
        throw new IllegalArgumentException("Model catalogue " + name + ": " + e.getMessage(), e);
      }
    }

    private static CatalogEntry entry(Fields f) {
      CatalogEntry entry =
          new CatalogEntry(
              f.string("id"),
              f.optional("description").orElse(""),
              f.string("licence"),
              f.string("file"),
              f.number("size"),
              f.string("sha256"),
              f.list("sources").stream().map(s -> ModelReference.parse(String.valueOf(s))).toList(),
              f.optional("chat-template"));
      f.noOthers();
      return entry;
    }
  }

  /** A YAML mapping that remembers which keys were asked for. */
  private static final class Fields {
    private final Map<String, Object> rest = new LinkedHashMap<>();
    private final String what;

    Fields(Object mapping, String what) {
      if (!(mapping instanceof Map<?, ?> map)) {
        throw new IllegalArgumentException(what + " is not a mapping.");
      }
      map.forEach((k, v) -> rest.put(String.valueOf(k), v));
      this.what = map.containsKey("id") ? "entry '" + map.get("id") + "'" : what;
    }

    Optional<String> optional(String key) {
      return Optional.ofNullable(rest.remove(key)).map(Object::toString);
    }

    String string(String key) {
      return optional(key).orElseThrow(() -> bad("lacks '" + key + "'"));
    }

    long number(String key) {
      try {
        return Long.parseLong(string(key));
      } catch (NumberFormatException e) {
        throw bad("has a '" + key + "' that is not a whole number");
      }
    }

    List<?> list(String key) {
      Object value = rest.remove(key);
      if (value == null) {
        return List.of();
      }
      if (value instanceof List<?> list) {
        return list;
      }
      throw bad("has a '" + key + "' that is not a list");
    }

    void noOthers() {
      if (!rest.isEmpty()) {
        throw bad("has unknown keys " + rest.keySet());
      }
    }

    private IllegalArgumentException bad(String problem) {
      return new IllegalArgumentException(what + " " + problem + ".");
    }
  }
}
