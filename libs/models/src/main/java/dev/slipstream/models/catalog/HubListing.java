package dev.slipstream.models.catalog;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Pattern;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * What a repository of the Hub holds at one commit.
 *
 * @param commit that the revision stood for
 * @param licence as the repository's card states it; empty if it does not
 * @param files the GGUF files, by name
 */
record HubListing(String commit, String licence, List<HubFile> files) {

  private static final String DEFAULT_QUANTISATION = "Q4_K_M";
  private static final Pattern SPLIT =
      Pattern.compile(".*-\\d{5}-of-\\d{5}\\.gguf", Pattern.CASE_INSENSITIVE);
  private static final JsonMapper JSON = JsonMapper.builder().build();

  /**
   * One file.
   *
   * @param name path inside the repository
   * @param size in bytes
   * @param sha256 empty for a file outside large-file storage, for which the Hub states none
   */
  record HubFile(String name, long size, String sha256) {

    /** The last part of the path. */
    String simpleName() {
      return name.substring(name.lastIndexOf('/') + 1);
    }

    /** One name for the whole path: files of two directories do not meet in the cache. */
    String cacheName() {
      return name.replace('/', '_');
    }

    ModelSource.Wanted wanted() {
      return new ModelSource.Wanted(
          simpleName(), size, sha256.isEmpty() ? Optional.empty() : Optional.of(sha256));
    }
  }

  HubListing {
    files = List.copyOf(files);
  }

  /** Reads the answer of {@code /api/models/{repository}/revision/{revision}?blobs=true}. */
  static HubListing ofHub(byte[] json) throws IOException {
    try {
      JsonNode root = JSON.readTree(json);
      List<HubFile> files = new ArrayList<>();
      for (JsonNode sibling : root.path("siblings")) {
        String name = sibling.path("rfilename").asString("");
        JsonNode lfs = sibling.path("lfs");
        if (name.toLowerCase(Locale.ROOT).endsWith(".gguf")) {
          long size = lfs.path("size").asLong(sibling.path("size").asLong(-1));
          files.add(new HubFile(name, size, lfs.path("sha256").asString("")));
        }
      }
      files.sort(Comparator.comparing(HubFile::name));
      String licence = root.path("cardData").path("license").asString("");
      return checked(new HubListing(root.path("sha").asString(""), licence, files));
    } catch (JacksonException e) {
      throw new IOException("the Hub's list of files cannot be understood", e);
    }
  }

  /** Reads what {@link #toJson} wrote. */
  static HubListing ofCache(byte[] json) throws IOException {
    try {
      return checked(JSON.readValue(json, HubListing.class));
    } catch (JacksonException e) {
      throw new IOException("the remembered list of files cannot be understood", e);
    }
  }

  byte[] toJson() {
    return JSON.writeValueAsBytes(this);
  }

  /** Names and digests become paths: nothing else than names and digests may get through. */
  private static HubListing checked(HubListing listing) throws IOException {
    if (!listing.commit.matches("[0-9a-f]{7,64}")) {
      throw new IOException("the Hub's list of files names no commit");
    }
    for (HubFile file : listing.files) {
      boolean plain = file.simpleName().matches("[A-Za-z0-9_][A-Za-z0-9._+ ()-]*");
      if (!plain || file.size < 0 || !file.sha256.matches("([0-9a-f]{64})?")) {
        throw new IOException(
            "the Hub describes '" + file.name + "' in a way that is not understood");
      }
    }
    return listing;
  }

  /**
   * Chooses a file: by its name, or by its quantisation whatever the case. Without a selector
   * {@code Q4_K_M}, or else the first file.
   *
   * @throws IOException naming what there is, if there is no such file or it is split
   */
  HubFile pick(String selector) throws IOException {
    List<HubFile> models = files.stream().filter(f -> !isProjector(f)).toList();
    if (models.isEmpty()) {
      throw new IOException("the repository has no GGUF file");
    }
    HubFile choice;
    if (selector.isEmpty()) {
      choice = match(models, DEFAULT_QUANTISATION).orElse(models.getFirst());
    } else {
      choice =
          match(models, selector)
              .orElseThrow(
                  () ->
                      new IOException(
                          "the repository has no file for '"
                              + selector
                              + "'; it has "
                              + String.join(", ", models.stream().map(HubFile::name).toList())));
    }
    if (SPLIT.matcher(choice.name).matches()) {
      throw new IOException(
          "'"
              + choice.name
              + "' is one part of a split model, which is not supported; choose another"
              + " quantisation or join the parts with llama-gguf-split --merge");
    }
    return choice;
  }

  private static Optional<HubFile> match(List<HubFile> models, String selector) {
    Pattern quantisation =
        Pattern.compile(
            "(^|.*[^A-Za-z0-9_])" + Pattern.quote(selector) + "([^A-Za-z0-9_].*)",
            Pattern.CASE_INSENSITIVE);
    return models.stream()
        .filter(f -> f.name.equals(selector) || f.simpleName().equals(selector))
        .findFirst()
        .or(() -> models.stream().filter(f -> quantisation.matcher(f.name).matches()).findFirst());
  }

  /** Vision projectors are stored beside the models they belong to. */
  private static boolean isProjector(HubFile file) {
    return file.simpleName().toLowerCase(Locale.ROOT).startsWith("mmproj");
  }
}
