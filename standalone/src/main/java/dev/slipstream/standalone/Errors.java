package dev.slipstream.standalone;

import dev.slipstream.models.catalog.ModelUnavailableException;
import dev.slipstream.models.gguf.ModelFormatException;
import dev.slipstream.startup.ConfigurationException;
import dev.slipstream.startup.StopSignals;
import io.grpc.StatusRuntimeException;
import java.io.PrintWriter;
import picocli.CommandLine;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;

/** One line on standard error for what went wrong; the stack trace is for bugs only. */
final class Errors {
  private final StopSignals stop;

  Errors(StopSignals stop) {
    this.stop = stop;
  }

  /** A failure that has been explained already by its message. */
  static final class CommandFailedException extends RuntimeException {
    CommandFailedException(String message) {
      super(message);
    }

    CommandFailedException(String message, Throwable cause) {
      super(message, cause);
    }
  }

  static int wrongUsage(ParameterException e, String[] args) {
    CommandLine command = e.getCommandLine();
    PrintWriter err = command.getErr();
    err.println(e.getMessage());
    CommandLine.UnmatchedArgumentException.printSuggestions(e, err);
    err.println("'" + command.getCommandSpec().qualifiedName() + " --help' tells more.");
    return CommandLine.ExitCode.USAGE;
  }

  int failed(Exception e, CommandLine command, ParseResult parsed) {
    PrintWriter err = command.getErr();
    if (stop.status().isPresent() && !(e instanceof CommandFailedException)) {
      // However a stop has ended the work, that is no failure to be explained.
      return stop.status().getAsInt();
    }
    switch (e) {
      case IllegalArgumentException usage -> {
        err.println(usage.getMessage());
        return CommandLine.ExitCode.USAGE;
      }
      case ConfigurationException faulty -> {
        err.println(faulty.getMessage());
        return CommandLine.ExitCode.USAGE;
      }
      case ModelUnavailableException expected -> err.println(expected.getMessage());
      case ModelFormatException expected -> err.println(expected.getMessage());
      case CommandFailedException expected -> err.println(expected.getMessage());
      case StatusRuntimeException refused ->
          err.println(
              refused.getStatus().getDescription() == null
                  ? refused.getMessage()
                  : refused.getStatus().getDescription());
      case java.io.IOException io ->
          err.println(io.getMessage() == null ? io.toString() : io.getMessage());
      default -> {
        err.println("This is a bug in Slipstream:");
        e.printStackTrace(err);
      }
    }
    err.flush();
    return CommandLine.ExitCode.SOFTWARE;
  }
}
