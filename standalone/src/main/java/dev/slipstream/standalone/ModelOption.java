package dev.slipstream.standalone;

import dev.slipstream.models.catalog.ModelResolver;
import dev.slipstream.models.catalog.ResolvedModel;
import dev.slipstream.standalone.suite.Service;
import dev.slipstream.standalone.suite.SuiteConfiguration;
import java.io.PrintWriter;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Which model, and whether it may be fetched. */
final class ModelOption {
  private static final String KEY = "slipstream.target.model";

  @Option(
      names = {"-m", "--model"},
      paramLabel = "REF",
      description =
          "A catalogue name, file:PATH or a path, or hf:org/name[@revision][:quant] (default: the"
              + " catalogue's default).")
  private @Nullable String reference;

  @Option(names = "--offline", description = "Fetch nothing; use what is on this machine.")
  private boolean offline;

  boolean isOffline() {
    return offline;
  }

  /** Finds or fetches the model, with its progress on {@code err}. */
  ResolvedModel resolve(Environment environment, PrintWriter err) throws InterruptedException {
    return resolve(Optional.ofNullable(reference), environment, err);
  }

  /** The same for a suite, whose configuration may name the model as well. */
  ResolvedModel resolve(SuiteConfiguration suite, Environment environment, PrintWriter err)
      throws InterruptedException {
    if (reference != null) {
      suite.refuseBeside("--model", Service.TARGET, KEY);
    }
    return resolve(
        Optional.ofNullable(reference).or(() -> suite.value(Service.TARGET, KEY)),
        environment,
        err);
  }

  private ResolvedModel resolve(
      Optional<String> reference, Environment environment, PrintWriter err)
      throws InterruptedException {
    var resolver = new ModelResolver(environment.catalogSettings(offline));
    String wanted = reference.orElseGet(() -> resolver.catalog().defaultId());
    try (var bar = new ProgressBar(err)) {
      return resolver.resolve(wanted, bar);
    }
  }
}
