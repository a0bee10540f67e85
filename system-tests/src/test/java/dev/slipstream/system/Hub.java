package dev.slipstream.system;

import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import org.testcontainers.containers.GenericContainer;
import org.testcontainers.containers.wait.strategy.Wait;
import org.testcontainers.images.builder.Transferable;
import org.testcontainers.utility.MountableFile;
import tools.jackson.databind.json.JsonMapper;

/**
 * A mirror of the Hub that has but one model, as files that any web server can serve. The
 * standalone image has one.
 *
 * @param digest SHA-256 of the model, in hexadecimal digits
 */
public record Hub(Path model, String digest) {
  /** What services call the model. */
  public static final String REFERENCE = "hf:slipstream/model";

  /** Where services find the mirror, if {@code hub} is its name in their network. */
  public static final String ENDPOINT = "http://hub:8000";

  /** Where Hub's clients ask what there is. */
  public static final String LISTING = "api/models/slipstream/model/revision/main";

  /** The mirror of the model that {@code slipstream.model} names. */
  public static Hub ofModel() {
    Path model = Path.of(System.getProperty("slipstream.model")).toAbsolutePath();
    return new Hub(model, sha256(model));
  }

  private static String sha256(Path file) {
    try (var in =
        new DigestInputStream(Files.newInputStream(file), MessageDigest.getInstance("SHA-256"))) {
      in.transferTo(OutputStream.nullOutputStream());
      return HexFormat.of().formatHex(in.getMessageDigest().digest());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError(e);
    }
  }

  /** Where the listing says that the model is. */
  public String file() {
    return "slipstream/model/resolve/" + digest + "/" + model.getFileName();
  }

  /** As the Hub describes a repository. */
  public String listing() {
    JsonMapper json = new JsonMapper();
    var file = json.createObjectNode();
    file.put("rfilename", model.getFileName().toString());
    file.putObject("lfs").put("size", model.toFile().length()).put("sha256", digest);
    var listing = json.createObjectNode();
    listing.put("sha", digest);
    listing.putArray("siblings").add(file);
    return listing.toString();
  }

  /** A container that serves it. */
  GenericContainer<?> container() {
    return new GenericContainer<>(Service.image("standalone"))
        .withImagePullPolicy(image -> false)
        .withNetworkAliases("hub")
        .withCreateContainerCmdModifier(create -> create.withEntrypoint("python3"))
        .withCommand("-m", "http.server", "8000", "--directory", "/models")
        .withCopyToContainer(Transferable.of(listing()), "/models/" + LISTING)
        .withCopyFileToContainer(MountableFile.forHostPath(model, 0644), "/models/" + file())
        .withExposedPorts(8000)
        .waitingFor(Wait.forHttp("/" + LISTING));
  }
}
