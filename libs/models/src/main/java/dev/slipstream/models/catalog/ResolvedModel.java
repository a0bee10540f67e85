package dev.slipstream.models.catalog;

import java.nio.file.Path;
import java.util.Optional;

/**
 * A model file on this machine.
 *
 * @param id the name that clients see: the catalogue's, the repository's, or the file's
 * @param file absolute path
 * @param size of the file in bytes
 * @param sha256 of the file, 64 lower-case hexadecimal digits
 * @param licence if anybody stated it
 * @param chatTemplate a Jinja template to use instead of the one in the file
 */
public record ResolvedModel(
    String id,
    Path file,
    long size,
    String sha256,
    Optional<String> licence,
    Optional<String> chatTemplate) {}
