package dev.slipstream.standalone;

import dev.slipstream.engine.runtime.ComputePool;
import dev.slipstream.standalone.suite.Service;
import dev.slipstream.standalone.suite.SuiteConfiguration;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;
import picocli.CommandLine.Spec.Target;

/** How many threads a command computes with. */
final class Threads {
  private static final String KEY = "slipstream.target.threads";

  @Spec(Target.MIXEE)
  private CommandSpec spec;

  @Option(
      names = "--threads",
      paramLabel = "N",
      description = "Threads that compute (default: one for each processor).")
  private @Nullable Integer threads;

  /** What the user asked for; empty leaves the choice to whoever computes. */
  OptionalInt count() {
    if (threads != null && threads < 1) {
      throw new ParameterException(spec.commandLine(), "--threads must be at least 1.");
    }
    return threads == null ? OptionalInt.empty() : OptionalInt.of(threads);
  }

  /** The same for a suite, whose configuration may say it as well. */
  OptionalInt count(SuiteConfiguration suite) {
    OptionalInt count = count();
    if (count.isPresent()) {
      suite.refuseBeside("--threads", Service.TARGET, KEY);
      return count;
    }
    return suite
        .value(Service.TARGET, KEY)
        .map(Integer::parseInt)
        .map(OptionalInt::of)
        .orElse(count);
  }

  /** A pool of so many; the caller closes it. */
  ComputePool pool() {
    return new ComputePool(count().orElseGet(Runtime.getRuntime()::availableProcessors));
  }
}
