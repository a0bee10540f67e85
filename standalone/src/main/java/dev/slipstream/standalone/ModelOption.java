package dev.slipstream.standalone;

import dev.slipstream.models.catalog.ModelResolver;
import dev.slipstream.models.catalog.ResolvedModel;
import java.io.PrintWriter;
import picocli.CommandLine.Option;

/** Which model, and whether it may be fetched. */
final class ModelOption {

  @Option(
      names = {"-m", "--model"},
      paramLabel = "REF",
      description =
          "A catalogue name, file:PATH or a path, or hf:org/name[@revision][:quant] (default: the"
              + " catalogue's default).")
  private String reference;

  @Option(names = "--offline", description = "Fetch nothing; use what is on this machine.")
  private boolean offline;

  boolean isOffline() {
    return offline;
  }

  /** Finds or fetches the model, with its progress on {@code err}. */
  ResolvedModel resolve(Environment environment, PrintWriter err) throws InterruptedException {
    var resolver = new ModelResolver(environment.catalogSettings(offline));
    String wanted = reference == null ? resolver.catalog().defaultId() : reference;
    try (var bar = new ProgressBar(err)) {
      return resolver.resolve(wanted, bar);
    }
  }
}
