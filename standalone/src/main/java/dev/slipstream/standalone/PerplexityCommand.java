package dev.slipstream.standalone;

import dev.slipstream.engine.evaluation.DivergenceStatistics;
import dev.slipstream.engine.evaluation.Evaluation;
import dev.slipstream.engine.evaluation.EvaluationText;
import dev.slipstream.engine.evaluation.PerplexityStatistics;
import dev.slipstream.engine.model.LanguageModel;
import dev.slipstream.engine.runtime.ComputePool;
import dev.slipstream.models.catalog.ModelResolver;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Measures how well a model predicts a text, alone or against another model. */
@Command(
    name = "perplexity",
    description = {
      "Measure how well a model predicts a text, as llama-perplexity does.",
      "With --base, also how far its predictions are from those of another model with the same"
          + " vocabulary, such as the F32 rewrite that 'slipstream quantize' makes."
    })
final class PerplexityCommand implements Callable<Integer> {

  private final Environment environment;
  @Spec private CommandSpec spec;
  @Mixin private ModelOption model;
  @Mixin private Threads threads;

  @Parameters(paramLabel = "FILE", description = "The text (UTF-8).")
  private Path file;

  @Option(names = "--base", paramLabel = "REF", description = "The model to compare with.")
  private @Nullable String base;

  @Option(
      names = "--ctx",
      paramLabel = "N",
      defaultValue = "512",
      description =
          "Tokens in a chunk, of which the second half is predicted (default: ${DEFAULT-VALUE}).")
  private int context;

  @Option(
      names = "--chunks",
      paramLabel = "N",
      description = "How many chunks to use at most (default: all).")
  private @Nullable Integer chunks;

  PerplexityCommand(Environment environment) {
    this.environment = environment;
  }

  @Override
  public Integer call() throws Exception {
    String text = readText();
    PrintWriter err = spec.commandLine().getErr();
    Path modelFile = model.resolve(environment, err).file();
    try (ComputePool pool = threads.pool();
        LanguageModel evaluated = LanguageModel.load(modelFile, pool)) {
      requireContext(evaluated);
      int most = chunks == null ? Integer.MAX_VALUE : chunks;
      EvaluationText cut = cut(text, evaluated, most);
      err.printf("%d chunks of %d tokens%n", cut.chunks(), context);
      err.flush();
      Evaluation evaluation = new Evaluation(cut, pool);
      if (base == null) {
        alone(evaluation, evaluated);
      } else {
        try (LanguageModel other = LanguageModel.load(resolve(base, err), pool)) {
          against(evaluation, evaluated, other);
        }
      }
    }
    return 0;
  }

  /** The command was right and the text is what is too short: a failure, not wrong usage. */
  private EvaluationText cut(String text, LanguageModel evaluated, int most) {
    try {
      return EvaluationText.of(text, evaluated.tokenizer(), context, most);
    } catch (IllegalArgumentException e) {
      throw new Errors.CommandFailedException(
          "%s is too short: %s. Take a longer text or a smaller --ctx."
              .formatted(file, e.getMessage()),
          e);
    }
  }

  private void alone(Evaluation evaluation, LanguageModel evaluated) {
    PerplexityReport report = new PerplexityReport(spec.commandLine().getOut());
    PerplexityStatistics total = evaluation.perplexity(evaluated, report::chunk);
    report.end(total);
  }

  private void against(Evaluation evaluation, LanguageModel evaluated, LanguageModel other) {
    DivergenceReport report = new DivergenceReport(spec.commandLine().getOut());
    DivergenceStatistics total = evaluation.divergence(evaluated, other, report::chunk);
    report.end(total);
  }

  private Path resolve(String reference, PrintWriter err) throws InterruptedException {
    var resolver = new ModelResolver(environment.catalogSettings(model.isOffline()));
    try (var bar = new ProgressBar(err)) {
      return resolver.resolve(reference, bar).file();
    }
  }

  private void requireContext(LanguageModel evaluated) {
    int longest = evaluated.config().contextLength();
    if (context < 4 || context > longest) {
      throw new ParameterException(
          spec.commandLine(),
          "--ctx must be between 4 and %d with this model, not %d.".formatted(longest, context));
    }
    if (chunks != null && chunks < 1) {
      throw new ParameterException(spec.commandLine(), "--chunks must be at least 1.");
    }
  }

  private String readText() throws IOException {
    if (!Files.isRegularFile(file)) {
      throw new Errors.CommandFailedException("There is no file " + file + ".");
    }
    try {
      return Files.readString(file);
    } catch (CharacterCodingException e) {
      throw new Errors.CommandFailedException(file + " is not valid UTF-8.", e);
    }
  }
}
