package dev.slipstream.models.catalog;

import java.io.IOException;
import java.net.URI;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;

/** Downloads from the Hub's HTTP API, or from a mirror that speaks it. */
final class HubSource implements ModelSource {

  private final CatalogSettings settings;
  private final ModelReference.Hub reference;

  HubSource(CatalogSettings settings, ModelReference.Hub reference) {
    this.settings = settings;
    this.reference = reference;
  }

  /** Asks what the repository holds now. */
  HubListing list(ProgressListener listener) throws IOException, InterruptedException {
    String revision = encode(reference.revision());
    URI uri = at("/api/models/" + reference.repository() + "/revision/" + revision + "?blobs=true");
    try (HttpFetcher http = http()) {
      return HubListing.ofHub(http.document(uri, listener));
    } catch (HttpFetcher.StatusException e) {
      throw explained(e);
    }
  }

  @Override
  public void fetch(Wanted wanted, Path destination, ProgressListener listener)
      throws IOException, InterruptedException {
    HubListing listing = list(listener);
    HubListing.HubFile file = listing.pick(reference.selector());
    boolean other =
        wanted.sha256().isPresent()
            && !file.sha256().isEmpty()
            && !file.sha256().equals(wanted.sha256().get());
    if (other) {
      throw new IOException(
          "'" + file.name() + "' is another file: its SHA-256 is " + file.sha256());
    }
    download(listing, file, wanted, destination, listener);
  }

  /** Downloads one file of a listing, going on where an earlier attempt ended. */
  void download(
      HubListing listing,
      HubListing.HubFile file,
      Wanted wanted,
      Path destination,
      ProgressListener listener)
      throws IOException, InterruptedException {
    // Encoded as one name and then split again: a slash in the path is a directory.
    String path = encode(file.name()).replace("%2F", "/");
    URI uri = at("/" + reference.repository() + "/resolve/" + listing.commit() + "/" + path);
    // Named after its content: what is left of one file is never continued with another.
    String mark = file.sha256().isEmpty() ? listing.commit() : file.sha256();
    Path part =
        destination.resolveSibling(
            destination.getFileName() + "." + mark.substring(0, 7) + ".part");
    boolean resumed = Files.exists(part);
    try (HttpFetcher http = http()) {
      try {
        attempt(http, uri, part, file, wanted, listener);
      } catch (Verification.WrongFileException e) {
        if (!resumed) {
          throw e;
        }
        listener.note("what an earlier download left was damaged; starting over");
        attempt(http, uri, part, file, wanted, listener);
      }
    } catch (HttpFetcher.StatusException e) {
      throw explained(e);
    }
    Files.move(part, destination, StandardCopyOption.REPLACE_EXISTING);
  }

  private static void attempt(
      HttpFetcher http,
      URI uri,
      Path part,
      HubListing.HubFile file,
      Wanted wanted,
      ProgressListener listener)
      throws IOException, InterruptedException {
    try {
      http.download(uri, part, file.simpleName(), file.size(), listener);
      Verification.check(part, file.wanted());
      Verification.check(part, wanted);
    } catch (Verification.WrongFileException e) {
      Files.deleteIfExists(part);
      throw e;
    }
  }

  private IOException explained(HttpFetcher.StatusException e) {
    String hint =
        switch (e.status()) {
          case 401, 403 ->
              settings.hubToken().isPresent()
                  ? "; the token in HF_TOKEN has no access to it, or it does not exist"
                  : "; it does not exist, or it needs a token in HF_TOKEN";
          case 404 -> "; there is no such repository, revision or file";
          default -> "";
        };
    return new IOException(e.getMessage() + hint, e);
  }

  private HttpFetcher http() {
    return new HttpFetcher(settings.hubEndpoint(), settings.hubToken(), settings.retry());
  }

  private URI at(String path) {
    return URI.create(settings.hubEndpoint() + path);
  }

  private static String encode(String text) {
    return URLEncoder.encode(text, StandardCharsets.UTF_8).replace("+", "%20");
  }
}
