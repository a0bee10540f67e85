package dev.slipstream.gateway.upstream;

import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Chooses among targets that could all do the work: the one that knows the beginning of the prompt,
 * unless it has much more to do than another; else the one with the fewest streams, and among
 * equals the one that was chosen longest ago.
 *
 * <p>A chat that goes on repeats its past, whose KV the target of its last turn has. Prompts are
 * remembered as chains of hashes, one for every few tokens, with the target that got them last. The
 * longest known chain with which a prompt begins says where it was sent before. What many prompts
 * begin with (a template's system message) must not draw all of them to one target, though: a
 * prefix that is known to go on in two other ways counts as common and draws nobody. Every target
 * that gets one of these prompts has it then. Thread-safe.
 */
public final class TargetSelector {
  /** As many as a target keeps together: a prefix is worth nothing until it fills a KV block. */
  static final int BLOCK_TOKENS = 16;

  private static final int REMEMBERED_BLOCKS = 1 << 16;
  private static final int REMEMBERED_TARGETS = 1 << 10;

  /** Streams that a target may have more than another and still get the prompts it knows. */
  static final int SLACK = 4;

  /** What is looked at. */
  public interface Candidate {
    /** The same for the same target. */
    String name();

    int inFlight();
  }

  /** A chain of blocks: where it was sent last, and the first two ways in which it went on. */
  private static final class Prefix {
    private String target = "";
    private long first;
    private long second;

    boolean isCommon(long next) {
      return first != 0 && second != 0 && next != first && next != second;
    }

    void sentTo(String name, long next) {
      target = name;
      if (first == 0) {
        first = next;
      } else if (second == 0 && next != first) {
        second = next;
      }
    }
  }

  private final Map<Long, Prefix> prefixes = bounded(REMEMBERED_BLOCKS);
  private final Map<String, Long> turns = bounded(REMEMBERED_TARGETS);
  private long turn;

  /**
   * @param candidates at least one
   * @param prompt token ids
   */
  public synchronized <C extends Candidate> C select(List<C> candidates, int[] prompt) {
    long[] chain = chain(prompt);
    int least = candidates.stream().mapToInt(Candidate::inFlight).min().orElseThrow();
    C chosen =
        home(chain)
            .flatMap(name -> candidates.stream().filter(c -> c.name().equals(name)).findFirst())
            .filter(c -> c.inFlight() - least <= SLACK)
            .orElseGet(() -> leastLoaded(candidates));
    turns.put(chosen.name(), ++turn);
    for (int i = 0; i + 1 < chain.length; i++) {
      prefixes.computeIfAbsent(chain[i], hash -> new Prefix()).sentTo(chosen.name(), chain[i + 1]);
    }
    return chosen;
  }

  private Optional<String> home(long[] chain) {
    Prefix longest = null;
    long next = 0;
    for (int i = 0; i + 1 < chain.length; i++) {
      Prefix known = prefixes.get(chain[i]);
      if (known == null) {
        break;
      }
      longest = known;
      next = chain[i + 1];
    }
    return longest == null || longest.isCommon(next)
        ? Optional.empty()
        : Optional.of(longest.target);
  }

  private <C extends Candidate> C leastLoaded(List<C> candidates) {
    return candidates.stream()
        .min(
            Comparator.<C>comparingInt(Candidate::inFlight)
                .thenComparingLong(c -> turns.getOrDefault(c.name(), 0L)))
        .orElseThrow();
  }

  /** A hash for each full block, over all tokens up to its end, and one over the whole prompt. */
  private static long[] chain(int[] prompt) {
    long[] chain = new long[prompt.length / BLOCK_TOKENS + 1];
    long hash = 1;
    int blocks = 0;
    for (int i = 0; i < prompt.length; i++) {
      hash = mix(hash + prompt[i]);
      if ((i + 1) % BLOCK_TOKENS == 0) {
        chain[blocks++] = hash;
      }
    }
    // Differs from the last block's, also where no token follows it.
    chain[blocks] = mix(~hash);
    return chain;
  }

  /** The finaliser of SplitMix64: a collision costs a hit in a cache, nothing else. */
  private static long mix(long value) {
    long z = value + 0x9e3779b97f4a7c15L;
    z = (z ^ (z >>> 30)) * 0xbf58476d1ce4e5b9L;
    z = (z ^ (z >>> 27)) * 0x94d049bb133111ebL;
    return z ^ (z >>> 31);
  }

  private static <K, V> Map<K, V> bounded(int entries) {
    return new LinkedHashMap<>(16, 0.75f, true) {
      @Override
      protected boolean removeEldestEntry(Map.Entry<K, V> eldest) {
        return size() > entries;
      }
    };
  }
}
