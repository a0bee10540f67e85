package dev.slipstream.models.catalog;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * The cached files of one revision of a Hub repository, and the list of files that the choice among
 * them was made from: {@code models/hf/<org>/<name>/<revision>/}.
 */
final class HubCache {

  private static final String LISTING = "hub.json";

  private final CatalogSettings settings;
  private final FileDigests digests;
  private final ModelReference.Hub reference;
  private final HubSource source;
  private final Path directory;

  HubCache(CatalogSettings settings, FileDigests digests, ModelReference.Hub reference) {
    this.settings = settings;
    this.digests = digests;
    this.reference = reference;
    this.source = new HubSource(settings, reference);
    this.directory =
        root(settings)
            .resolve(reference.repository())
            .resolve(reference.revision().replace('/', '_'));
  }

  private static Path root(CatalogSettings settings) {
    return settings.cache().models().resolve("hf");
  }

  /** The cached file; fetched if there is none. */
  ResolvedModel resolve(ProgressListener listener) throws InterruptedException {
    try {
      Optional<HubListing> listing = remembered(directory);
      if (listing.isPresent()) {
        HubListing.HubFile file = listing.get().pick(reference.selector());
        if (isIntact(file)) {
          return resolved(listing.get(), file);
        }
      }
    } catch (IOException e) {
      listener.note("the cache of " + reference + " is not usable: " + HttpFetcher.reason(e));
    }
    if (settings.offline()) {
      throw new ModelUnavailableException(
          reference + " is not in the cache, and SLIPSTREAM_OFFLINE forbids to fetch it.");
    }
    return refresh(listener);
  }

  /** The file that the revision stands for now. */
  ResolvedModel refresh(ProgressListener listener) throws InterruptedException {
    Path lockFile =
        settings.cache().locks().resolve(reference.repository().replace('/', '_') + ".lock");
    try (var lock =
        ProcessLock.acquire(
            lockFile, () -> listener.note("another process fetches " + reference))) {
      HubListing listing = source.list(listener);
      HubListing.HubFile file = listing.pick(reference.selector());
      Files.createDirectories(directory);
      if (!isIntact(file)) {
        source.download(listing, file, file.wanted(), path(file), listener);
      }
      remember(listing);
      return resolved(listing, file);
    } catch (IOException e) {
      throw new ModelUnavailableException(
          "%s cannot be fetched from %s: %s. HF_ENDPOINT can name another address, such as a mirror's."
              .formatted(reference, settings.hubEndpoint(), HttpFetcher.reason(e)),
          e);
    }
  }

  /** Every cached file of every repository. */
  static List<ResolvedModel> list(CatalogSettings settings, FileDigests digests)
      throws IOException {
    Path root = root(settings);
    if (!Files.isDirectory(root)) {
      return List.of();
    }
    List<ResolvedModel> models = new ArrayList<>();
    try (Stream<Path> files = Files.walk(root)) {
      for (Path listing : files.filter(f -> f.endsWith(LISTING)).sorted().toList()) {
        // Its name is of two parts; then come the revision and the listing.
        Path place = root.relativize(listing);
        int revision = place.getNameCount() - 2;
        if (revision < 1) {
          continue;
        }
        String name = place.subpath(0, revision).toString().replace('\\', '/');
        Path directory = root.resolve(place.subpath(0, revision + 1));
        for (var file : remembered(directory).map(HubListing::files).orElse(List.of())) {
          var reference =
              new ModelReference.Hub(name, place.getName(revision).toString(), file.name());
          HubCache cache = new HubCache(settings, digests, reference);
          if (cache.isIntact(file)) {
            models.add(cache.resolved(remembered(directory).orElseThrow(), file));
          }
        }
      }
    }
    return models;
  }

  private Path path(HubListing.HubFile file) {
    return directory.resolve(file.cacheName());
  }

  private boolean isIntact(HubListing.HubFile file) throws IOException {
    Path path = path(file);
    return Files.exists(path)
        && Files.size(path) == file.size()
        && (file.sha256().isEmpty() || digests.sha256(path).equals(file.sha256()));
  }

  private ResolvedModel resolved(HubListing listing, HubListing.HubFile file) throws IOException {
    String id =
        reference.repository() + (reference.selector().isEmpty() ? "" : ":" + reference.selector());
    return new ResolvedModel(
        id,
        path(file),
        file.size(),
        digests.sha256(path(file)),
        listing.licence().isEmpty() ? Optional.empty() : Optional.of(listing.licence()),
        Optional.empty());
  }

  private static Optional<HubListing> remembered(Path directory) throws IOException {
    Path file = directory.resolve(LISTING);
    return Files.exists(file)
        ? Optional.of(HubListing.ofCache(Files.readAllBytes(file)))
        : Optional.empty();
  }

  private void remember(HubListing listing) throws IOException {
    Path draft = Files.createTempFile(directory, "hub", ".tmp");
    Files.write(draft, listing.toJson());
    Files.move(draft, directory.resolve(LISTING), StandardCopyOption.REPLACE_EXISTING);
  }
}
