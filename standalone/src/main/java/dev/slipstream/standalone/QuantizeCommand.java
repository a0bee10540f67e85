package dev.slipstream.standalone;

import dev.slipstream.engine.quantization.QuantizationPlan;
import dev.slipstream.engine.quantization.QuantizationPlan.PlannedTensor;
import dev.slipstream.engine.quantization.Quantizer;
import dev.slipstream.engine.quantization.TargetFormat;
import dev.slipstream.models.catalog.ModelResolver;
import dev.slipstream.models.gguf.GgmlType;
import dev.slipstream.models.gguf.GgufFile;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.channels.ClosedByInterruptException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.concurrent.Callable;
import java.util.function.LongConsumer;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Rewrites a model file in another weight format. */
@Command(
    name = "quantize",
    description = {
      "Rewrite a model in another weight format, as llama-quantize does.",
      "Norms and vectors stay as they are, and so do the metadata. The output matrix gets more bits,"
          + " and so do some others in Q4_K and Q5_K (which are llama.cpp's Q4_K_M and Q5_K_M); see"
          + " --pure."
    })
final class QuantizeCommand implements Callable<Integer> {

  private final Environment environment;
  @Spec private CommandSpec spec;
  @Mixin private Threads threads;

  @Parameters(
      index = "0",
      paramLabel = "IN",
      description = "The model: a path, a catalogue name, or hf:org/name[@revision][:quant].")
  private String in;

  @Parameters(
      index = "1",
      paramLabel = "OUT",
      description =
          "The GGUF file to write; one that is there is replaced when the new is complete.")
  private Path out;

  @Parameters(
      index = "2",
      paramLabel = "TYPE",
      description = "The weight format: ${COMPLETION-CANDIDATES}.")
  private TargetFormat type;

  @Option(
      names = "--pure",
      description = "Every matrix in TYPE, as far as its row length allows, without exceptions.")
  private boolean pure;

  @Option(names = "--offline", description = "Fetch nothing; use what is on this machine.")
  private boolean offline;

  QuantizeCommand(Environment environment) {
    this.environment = environment;
  }

  @Override
  public Integer call() throws Exception {
    PrintWriter err = spec.commandLine().getErr();
    Path source = resolve(err);
    if (Files.exists(out) && Files.isSameFile(source, out)) {
      throw new Errors.CommandFailedException("OUT is the same file as IN: choose another name.");
    }
    try (var pool = threads.pool();
        GgufFile file = GgufFile.open(source)) {
      QuantizationPlan plan = QuantizationPlan.of(file, type, pure);
      if (file.tensors().isEmpty()) {
        throw new Errors.CommandFailedException(source + " has no tensors.");
      }
      warn(plan, err);
      try (var bar = new ProgressBar(err, "Writing")) {
        long total = plan.bytes();
        LongConsumer progress = done -> bar.progress(out.toString(), done, total);
        report(plan, Files.size(source), new Quantizer(pool, progress).write(file, plan, out));
      } catch (ClosedByInterruptException e) {
        throw new Errors.CommandFailedException("Interrupted; " + out + " was not written.", e);
      } catch (IOException e) {
        throw new Errors.CommandFailedException(out + " was not written. " + reason(e), e);
      }
    }
    return 0;
  }

  private Path resolve(PrintWriter err) throws InterruptedException {
    var resolver = new ModelResolver(environment.catalogSettings(offline));
    try (var bar = new ProgressBar(err)) {
      return resolver.resolve(in, bar).file();
    }
  }

  private static String reason(IOException e) {
    return e.getMessage() == null ? e.toString() : e.getMessage();
  }

  private static void warn(QuantizationPlan plan, PrintWriter err) {
    List<PlannedTensor> again =
        plan.tensors().stream().filter(PlannedTensor::isRequantized).toList();
    if (!again.isEmpty()) {
      err.printf(
          "Requantising %d tensors from %s: this loses more than quantising the original weights"
              + " would.%n",
          again.size(),
          again.stream()
              .map(t -> t.source().type())
              .collect(Collectors.toCollection(TreeSet::new))
              .stream()
              .map(GgmlType::name)
              .collect(Collectors.joining(", ")));
    }
    plan.tensors().stream()
        .filter(PlannedTensor::isFallback)
        .collect(
            Collectors.groupingBy(
                t -> "%s instead of %s".formatted(t.format(), t.wanted()), Collectors.counting()))
        .forEach(
            (what, count) ->
                err.printf(
                    "%s, whose blocks do not fit the rows: %d of the tensors.%n", what, count));
    err.flush();
  }

  private void report(QuantizationPlan plan, long before, long after) {
    PrintWriter stdout = spec.commandLine().getOut();
    String formats =
        plan.tensors().stream()
            .collect(Collectors.groupingBy(PlannedTensor::format, Collectors.counting()))
            .entrySet()
            .stream()
            .sorted(Map.Entry.comparingByKey())
            .map(e -> e.getValue() + " " + e.getKey())
            .collect(Collectors.joining(", "));
    stdout.printf(
        "%s: %s -> %s (%s)%n",
        out, ProgressBar.megabytes(before), ProgressBar.megabytes(after), formats);
    stdout.flush();
  }
}
