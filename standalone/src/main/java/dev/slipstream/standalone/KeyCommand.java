package dev.slipstream.standalone;

import dev.slipstream.gateway.access.ApiKey;
import dev.slipstream.gateway.access.KeyHash;
import java.io.PrintWriter;
import java.security.SecureRandom;
import java.util.Base64;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** API keys of the gateway. */
@Command(
    name = "key",
    description = "Make API keys for the gateway.",
    subcommands = KeyCommand.Create.class,
    synopsisSubcommandLabel = "COMMAND")
final class KeyCommand implements Runnable {
  @Spec private CommandSpec spec;

  @Override
  public void run() {
    throw new ParameterException(spec.commandLine(), "Say what to do: key create.");
  }

  /** Makes one. Nothing is stored: the key is for its owner, the line for the gateway. */
  @Command(
      name = "create",
      description = {
        "Make a key. The first line of output is the key, which is shown this once; the second is"
            + " for the gateway's file of keys (slipstream.gateway.api-keys-file) and holds only"
            + " its hash."
      })
  static final class Create implements Callable<Integer> {
    private static final String PREFIX = "sk-slipstream-";
    private static final int RANDOM_BYTES = 32;

    @Spec private CommandSpec spec;

    @Option(
        names = "--name",
        paramLabel = "NAME",
        description = "For the gateway's log (default: a random one).")
    private @Nullable String name;

    @Option(
        names = "--tenant",
        paramLabel = "NAME",
        description = "Keys of one tenant share cached prefixes (default: the key's name).")
    private @Nullable String tenant;

    @Option(
        names = "--requests-per-minute",
        paramLabel = "N",
        description = "Most requests a minute (default: no limit).")
    private @Nullable Integer requests;

    @Option(
        names = "--tokens-per-minute",
        paramLabel = "N",
        description = "Most tokens a minute, of prompts and answers (default: no limit).")
    private @Nullable Integer tokens;

    @Option(
        names = "--max-concurrent",
        paramLabel = "N",
        description = "Most requests at a time (default: no limit).")
    private @Nullable Integer concurrent;

    @Override
    public Integer call() {
      byte[] random = new byte[RANDOM_BYTES];
      SecureRandom source = new SecureRandom();
      source.nextBytes(random);
      String key = PREFIX + Base64.getUrlEncoder().withoutPadding().encodeToString(random);
      KeyHash hash = KeyHash.of(key);
      String owner = name == null ? "key-" + hash.hex().substring(0, 8) : name;
      var limits =
          new ApiKey.Limits(
              limit("--requests-per-minute", requests),
              limit("--tokens-per-minute", tokens),
              limit("--max-concurrent", concurrent));
      ApiKey configured = new ApiKey(owner, hash, tenant == null ? owner : tenant, limits);
      PrintWriter out = spec.commandLine().getOut();
      out.println(key);
      out.println(configured.line());
      out.flush();
      return 0;
    }

    private int limit(String option, @Nullable Integer value) {
      if (value != null && value < 1) {
        throw new ParameterException(spec.commandLine(), option + " must be at least 1.");
      }
      return value == null ? 0 : value;
    }
  }
}
