package dev.slipstream.models.catalog;

import java.util.List;
import java.util.Optional;

/**
 * A model that has a short name.
 *
 * @param id the name
 * @param description one line for people
 * @param licence SPDX identifier, or what the publisher calls it
 * @param file the file's name in the cache; no directories
 * @param size of the file in bytes
 * @param sha256 of the file, 64 lower-case hexadecimal digits
 * @param sources where to get it, in the order to try; at least one
 * @param chatTemplate a Jinja template instead of the one in the file
 */
public record CatalogEntry(
    String id,
    String description,
    String licence,
    String file,
    long size,
    String sha256,
    List<ModelReference> sources,
    Optional<String> chatTemplate) {

  public CatalogEntry {
    sources = List.copyOf(sources);
    require(id.matches("[a-z0-9][a-z0-9._-]*"), id, "its id may hold a-z, 0-9, '.', '_' and '-'");
    require(file.matches("[A-Za-z0-9_][A-Za-z0-9._-]*"), id, "'" + file + "' is not a file name");
    require(size > 0, id, "its size must be above 0");
    require(sha256.matches("[0-9a-f]{64}"), id, "its sha256 must be 64 lower-case hex digits");
    require(!sources.isEmpty(), id, "it needs at least one source");
    require(
        sources.stream().noneMatch(ModelReference.Named.class::isInstance),
        id,
        "a source must be file:PATH, hf:org/name[:quant] or pypi:name[==version]");
  }

  private static void require(boolean condition, String id, String problem) {
    if (!condition) {
      throw new IllegalArgumentException("Catalogue entry '" + id + "': " + problem + ".");
    }
  }
}
