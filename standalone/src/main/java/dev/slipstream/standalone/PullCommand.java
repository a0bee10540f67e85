package dev.slipstream.standalone;

import dev.slipstream.models.catalog.ModelResolver;
import dev.slipstream.models.catalog.ResolvedModel;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Fetches a model into the cache and prints where it lies. */
@Command(name = "pull", description = "Fetch a model into the cache, and print where it lies.")
final class PullCommand implements Callable<Integer> {

  private final Environment environment;
  @Spec private CommandSpec spec;

  @Parameters(
      paramLabel = "REF",
      arity = "0..1",
      description =
          "A catalogue name, or hf:org/name[@revision][:quant] (default: the catalogue's default).")
  private @Nullable String reference;

  @Option(names = "--offline", description = "Fetch nothing; only check that the model is there.")
  private boolean offline;

  PullCommand(Environment environment) {
    this.environment = environment;
  }

  @Override
  public Integer call() throws Exception {
    var resolver = new ModelResolver(environment.catalogSettings(offline));
    String wanted = reference == null ? resolver.catalog().defaultId() : reference;
    try (var bar = new ProgressBar(spec.commandLine().getErr())) {
      ResolvedModel model = resolver.refresh(wanted, bar);
      spec.commandLine().getErr().println("sha256 " + model.sha256());
      spec.commandLine().getOut().println(model.file());
      return 0;
    }
  }
}
