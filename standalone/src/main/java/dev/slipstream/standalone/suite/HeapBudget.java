package dev.slipstream.standalone.suite;

import dev.slipstream.draft.DraftProperties;
import dev.slipstream.drafting.promptlookup.PromptLookupDrafter;
import dev.slipstream.gateway.LimitProperties;
import dev.slipstream.kv.KvProperties;
import dev.slipstream.startup.ConfigurationException;
import dev.slipstream.target.TargetProperties;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.springframework.util.unit.DataSize;

/**
 * What the roles of an embedded suite may take of the one heap that they share. Each role keeps to
 * its part by a bound of its own; a bound that the user has not set is made to fit. What is left is
 * for everything whose size follows from the model: queued prompts as tokens, logits, vocabularies.
 */
record HeapBudget(long heap, List<Claim> claims) {
  /** Of the heap, what all claims together may take at most. */
  private static final double MOST = 0.75;

  /**
   * @param key the setting that is the bound
   * @param amount what it is set to, in its own unit
   * @param bytes of the heap for each of that
   * @param unit as it is written behind the amount
   */
  record Claim(Service service, String key, long amount, int bytes, String unit, boolean isSet) {
    /** Not exact for numbers beyond any heap, but never wrapped. */
    double total() {
      return (double) amount * bytes;
    }
  }

  static HeapBudget ofThisJvm(SuiteConfiguration configuration) {
    return of(configuration, Runtime.getRuntime().maxMemory());
  }

  static HeapBudget of(SuiteConfiguration configuration, long heap) {
    var shares = new Shares(configuration);
    var limits = configuration.bound(Service.GATEWAY, LimitProperties.class);
    var draft = configuration.bound(Service.DRAFT, DraftProperties.class);
    var target = configuration.bound(Service.TARGET, TargetProperties.class).kv();
    var kv = configuration.bound(Service.KV, KvProperties.class);
    DataSize requests =
        limits.requestBytes() == null ? DataSize.ofBytes(heap / 4) : limits.requestBytes();
    long kvShare = Math.max(heap / 64, kv.maxBlockSize().toBytes());
    return new HeapBudget(
        heap,
        List.of(
            shares.size(
                Service.GATEWAY, "slipstream.gateway.limits.request-bytes", requests, heap / 4),
            shares.claim(
                Service.DRAFT,
                "slipstream.draft.max-indexed-tokens",
                draft.maxIndexedTokens(),
                heap / 8,
                PromptLookupDrafter.BYTES_PER_TOKEN,
                ""),
            shares.size(
                Service.TARGET, "slipstream.target.kv.store-queue", target.storeQueue(), heap / 32),
            shares.size(
                Service.TARGET,
                "slipstream.target.kv.fetch-memory",
                target.fetchMemory(),
                heap / 16),
            // For blocks that come, and as much for those that go.
            shares.claim(
                Service.KV,
                "slipstream.kv.max-in-flight",
                kv.maxInFlight().toBytes(),
                2 * kvShare,
                2,
                "B")));
  }

  private record Shares(SuiteConfiguration configuration) {
    Claim size(Service service, String key, DataSize bound, long share) {
      return claim(service, key, bound.toBytes(), share, 1, "B");
    }

    Claim claim(Service service, String key, long bound, long share, int bytes, String unit) {
      boolean isSet = configuration.value(service, key).isPresent();
      long amount = isSet ? bound : Math.min(bound, share / bytes);
      return new Claim(service, key, amount, bytes, unit, isSet);
    }
  }

  /** Properties of a service for the bounds that the user has not set. */
  Map<String, String> properties(Service service) {
    return claims.stream()
        .filter(claim -> claim.service == service && !claim.isSet)
        .collect(Collectors.toMap(Claim::key, claim -> claim.amount + claim.unit));
  }

  /**
   * @throws ConfigurationException if what is set does not fit, naming it
   */
  void requireRoom() {
    double wanted = claims.stream().mapToDouble(Claim::total).sum();
    if (wanted > MOST * heap) {
      throw new ConfigurationException(
          "%s take %d MB of a heap of %d MB, of which a quarter must stay free: lower them, or set"
                  .formatted(
                      claims.stream()
                          .filter(claim -> claim.isSet || claims.stream().noneMatch(Claim::isSet))
                          .map(c -> "%s (%d MB)".formatted(c.key, megabytes(c.total())))
                          .collect(Collectors.joining(", ", "With the others, ", "")),
                      megabytes(wanted),
                      megabytes((double) heap))
              + " SLIPSTREAM_JAVA_OPTS=-Xmx%dm.".formatted(megabytes(wanted / MOST)));
    }
  }

  private static long megabytes(double bytes) {
    return (long) Math.ceil(bytes / (1 << 20));
  }
}
