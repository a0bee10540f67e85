package dev.slipstream.standalone;

import dev.slipstream.models.catalog.CacheDirectory;
import dev.slipstream.models.catalog.CatalogSettings;
import dev.slipstream.startup.ConfigurationException;
import dev.slipstream.startup.StopSignals;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Model.ArgSpec;
import picocli.CommandLine.Model.OptionSpec;

/**
 * What a command gets from outside besides its arguments. Variables stand in for options: {@code
 * SLIPSTREAM_MAX_TOKENS} for {@code --max-tokens}.
 */
record Environment(Map<String, String> variables, InputStream in, StopSignals stop)
    implements CommandLine.IDefaultValueProvider {

  @Override
  public @Nullable String defaultValue(ArgSpec argument) {
    if (!(argument instanceof OptionSpec option) || option.usageHelp() || option.versionHelp()) {
      return null;
    }
    String value = variables.get(variableOf(option));
    if (value == null || value.isBlank()) {
      return null;
    }
    return option.type() == boolean.class ? truth(value) : value;
  }

  static String variableOf(OptionSpec option) {
    String name = option.longestName().replaceFirst("^-+", "");
    return "SLIPSTREAM_" + name.toUpperCase(Locale.ROOT).replace('-', '_');
  }

  /** Anything else than these words is left for picocli to refuse. */
  private static String truth(String value) {
    return switch (value.strip().toLowerCase(Locale.ROOT)) {
      case "1", "yes", "on" -> "true";
      case "0", "no", "off" -> "false";
      default -> value;
    };
  }

  /** How models are looked for; {@code offline} is what the command line says about it. */
  CatalogSettings catalogSettings(boolean offline) {
    Map<String, String> merged = new HashMap<>(variables);
    merged.put("SLIPSTREAM_OFFLINE", Boolean.toString(offline));
    return CatalogSettings.of(merged);
  }

  /**
   * The directory that everything is written to, which is there from now on.
   *
   * @throws ConfigurationException if it cannot be written to
   */
  CacheDirectory home() {
    CacheDirectory home = catalogSettings(true).cache();
    try {
      Files.createDirectories(home.root());
    } catch (IOException e) {
      throw unusable(
          home.root(),
          e instanceof FileAlreadyExistsException ? "is no directory" : "cannot be made");
    }
    if (!Files.isWritable(home.root())) {
      throw unusable(home.root(), "cannot be written to");
    }
    return home;
  }

  private static ConfigurationException unusable(Path home, String reason) {
    return new ConfigurationException(
        "The directory that Slipstream writes to, %s (SLIPSTREAM_HOME), %s."
            .formatted(home, reason));
  }
}
