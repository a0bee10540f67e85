package dev.slipstream.standalone;

import dev.slipstream.models.catalog.CatalogEntry;
import dev.slipstream.models.catalog.ModelResolver;
import dev.slipstream.models.catalog.ResolvedModel;
import java.io.PrintWriter;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** Lists the catalogue and what else is in the cache. */
@Command(name = "models", description = "List the catalogue, and the models in the cache.")
final class ModelsCommand implements Callable<Integer> {

  private static final String ROW = "%-42s %10s  %-8s %-12s %s%n";

  private final Environment environment;
  @Spec private CommandSpec spec;

  ModelsCommand(Environment environment) {
    this.environment = environment;
  }

  @Override
  public Integer call() throws Exception {
    var settings = environment.catalogSettings(true);
    var resolver = new ModelResolver(settings);
    PrintWriter out = spec.commandLine().getOut();
    out.printf(ROW, "MODEL", "SIZE", "CACHED", "LICENCE", "DESCRIPTION");
    for (CatalogEntry entry : resolver.catalog().entries()) {
      boolean isDefault = entry.id().equals(resolver.catalog().defaultId());
      out.printf(
          ROW,
          entry.id(),
          ProgressBar.megabytes(entry.size()),
          resolver.isCached(entry) ? "yes" : "no",
          entry.licence(),
          entry.description() + (isDefault ? " (default)" : ""));
    }
    for (ResolvedModel model : resolver.cachedHubModels()) {
      String size = ProgressBar.megabytes(model.size());
      out.printf(ROW, "hf:" + model.id(), size, "yes", model.licence().orElse("not stated"), "");
    }
    out.flush();
    return 0;
  }
}
