package dev.slipstream.standalone;

import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** The key for a gateway that asks for one. */
final class ApiKeyOption {
  @Option(
      names = "--api-key",
      paramLabel = "KEY",
      description =
          "API key for --address; better given as SLIPSTREAM_API_KEY, as other users of the machine"
              + " can read arguments.")
  private @Nullable String key;

  Optional<String> key() {
    return Optional.ofNullable(key);
  }
}
