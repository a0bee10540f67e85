package dev.slipstream.target.application;

import static dev.slipstream.engine.cache.KvLayout.BLOCK_TOKENS;
import static org.assertj.core.api.Assertions.assertThat;

import dev.slipstream.engine.cache.BlockKey;
import dev.slipstream.engine.cache.KvLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Semaphore;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Blocks that others computed save time; if something is wrong with them they must not cost the
 * answer, now or ever after, and what a broken pass computed must not be given to others.
 */
@Timeout(60)
class ForeignBlocksTest extends DecodeLoopFixture {
  private static final int[] PROMPT = prompt(60, 1);

  private final Shelf shelf = new Shelf();

  @Test
  void anAnswerThatGoesWrongOnFetchedBlocksIsComputedFromItsTokens() {
    fill(PROMPT, 6);
    poison(1);
    start(settings(64, 8, 4), shelf);

    Answer answer = decode(PROMPT, 6);

    assertThat(answer.tokens()).isEqualTo(model.greedy(PROMPT, 6));
    assertThat(answer.outcome().usage().remoteCachedTokens()).isZero();
    assertThat(counter("slipstream.num.recomputations")).isEqualTo(1);
    assertThat(counter("slipstream.requests.failed")).isZero();
    assertThat(shelf.discarded).as("all that was fetched").isEqualTo(shelf.keys.subList(0, 3));
    shelf.stored.clear();
    assertThat(decode(PROMPT, 6).tokens()).isEqualTo(model.greedy(PROMPT, 6));
    assertThat(counter("slipstream.num.recomputations")).as("for good").isEqualTo(1);
  }

  @Test
  void neighboursInTheBatchNoticeNothing() {
    fill(PROMPT, 6);
    poison(0);
    start(settings(64, 8, 4), shelf);
    model.gate = new Semaphore(0);
    Answer[] others = new Answer[3];
    for (int i = 0; i < others.length; i++) {
      others[i] = submit(task(prompt(10, 7 + i), 12), new Answer());
    }
    Answer poisoned = submit(task(PROMPT, 6), new Answer());
    model.gate.release(1 << 20);

    assertThat(poisoned.tokens()).isEqualTo(model.greedy(PROMPT, 6));
    for (int i = 0; i < others.length; i++) {
      assertThat(others[i].tokens()).isEqualTo(model.greedy(prompt(10, 7 + i), 12));
    }
    assertThat(counter("slipstream.num.recomputations")).isEqualTo(1);
  }

  /** One request has fetched the block, others find it in the target's own cache. */
  @Test
  void blocksThatAnotherRequestHadFetchedAreNoBetter() {
    fill(PROMPT, 6);
    poison(1);
    start(settings(64, 8, 4), shelf);
    model.readsValues = false;
    assertThat(decode(PROMPT, 6).outcome().usage().remoteCachedTokens()).isPositive();
    model.readsValues = true;
    int[] longer = Arrays.copyOf(PROMPT, 90);

    assertThat(decode(longer, 6).tokens()).isEqualTo(model.greedy(longer, 6));
    assertThat(counter("slipstream.num.recomputations")).isEqualTo(1);
    assertThat(shelf.discarded).contains(shelf.keys.get(1));
    assertThat(decode(PROMPT, 6).tokens()).isEqualTo(model.greedy(PROMPT, 6));
    assertThat(counter("slipstream.num.recomputations")).as("forgotten").isEqualTo(1);
  }

  @Test
  void aPassThatThrowsWithFetchedBlocksInItIsTriedWithoutThem() {
    fill(PROMPT, 6);
    start(settings(64, 8, 4), shelf);
    model.gate = new Semaphore(0);
    Answer fetching = submit(task(PROMPT, 6), new Answer());
    Answer other = submit(task(prompt(10, 7), 12), new Answer());
    model.failure = new IllegalStateException("inside a kernel");
    model.gate.release(1 << 20);

    assertThat(fetching.tokens()).isEqualTo(model.greedy(PROMPT, 6));
    assertThat(other.tokens()).isEqualTo(model.greedy(prompt(10, 7), 12));
    assertThat(model.failure).isNull();
  }

  /** As weights do that are no numbers: no block is to blame, and no second try helps. */
  @Test
  void aTokenWithoutAFiniteResultEndsItsRequestAlone() {
    start(settings(64, 8, 4), shelf);
    model.undefined = 295;
    int[] deadly = PROMPT.clone();
    deadly[35] = 295;
    model.gate = new Semaphore(0);
    Answer failing = submit(task(deadly, 6), new Answer());
    Answer other = submit(task(prompt(10, 7), 12), new Answer());
    model.gate.release(1 << 20);

    assertThat(failing.failure()).isInstanceOf(DecodeFailure.Broken.class);
    assertThat(other.tokens()).isEqualTo(model.greedy(prompt(10, 7), 12));
    assertThat(counter("slipstream.num.recomputations")).isZero();
    assertThat(decode(PROMPT, 6).tokens()).isEqualTo(model.greedy(PROMPT, 6));
    awaitGauge("slipstream.kv.cache.blocks.used", 0);
  }

  /** Its KV is finite where the cache replaced what is not, and wrong. */
  @Test
  void nothingOfABrokenPassIsPublished() {
    start(settings(64, 64, 4), shelf);
    model.undefined = 295;
    int[] deadly = PROMPT.clone();
    deadly[35] = 295;

    assertThat(decode(deadly, 6).failure()).isInstanceOf(DecodeFailure.Broken.class);

    assertThat(shelf.stored).as("blocks of the pass that failed").isEmpty();
    assertThat(registry.get("slipstream.kv.cache.blocks.retained").gauge().value()).isZero();
  }

  @Test
  void aRequestThatFailsOnItsOwnIsTriedOnceMoreAndNotForEver() {
    fill(PROMPT, 6);
    start(settings(64, 8, 4), shelf);
    model.undefined = 295;
    int[] deadly = Arrays.copyOf(PROMPT, 70);
    deadly[65] = 295;

    assertThat(decode(deadly, 6).failure()).isInstanceOf(DecodeFailure.Broken.class);
    assertThat(counter("slipstream.num.recomputations")).isEqualTo(1);
    assertThat(decode(PROMPT, 6).tokens()).isEqualTo(model.greedy(PROMPT, 6));
  }

  /** What another target would have stored for a text. */
  private void fill(int[] prompt, int tokens) {
    start(settings(64, 64, 4), shelf);
    decode(prompt, tokens).tokens();
    loop.close();
    registry = new io.micrometer.core.instrument.simple.SimpleMeterRegistry();
    shelf.keys.addAll(shelf.stored);
    shelf.stored.clear();
    assertThat(shelf.keys).hasSizeGreaterThanOrEqualTo(prompt.length / BLOCK_TOKENS);
  }

  private void poison(int block) {
    ToyModel.poison(MemorySegment.ofArray(shelf.blocks.get(shelf.keys.get(block))));
  }

  /** A kv-service that believes everything. */
  private static final class Shelf implements SharedPrefixes {
    final Map<BlockKey, byte[]> blocks = new ConcurrentHashMap<>();
    final List<BlockKey> keys = new ArrayList<>();
    final List<BlockKey> stored = new CopyOnWriteArrayList<>();
    final List<BlockKey> discarded = new CopyOnWriteArrayList<>();

    @Override
    public boolean isAvailable() {
      return true;
    }

    @Override
    public void fetch(
        String tenant, List<BlockKey> wanted, KvLayout layout, Consumer<List<byte[]>> result) {
      int known =
          IntStream.range(0, wanted.size())
              .filter(i -> !blocks.containsKey(wanted.get(i)))
              .findFirst()
              .orElse(wanted.size());
      result.accept(wanted.subList(0, known).stream().map(blocks::get).toList());
    }

    @Override
    public void store(String tenant, BlockKey key, MemorySegment block) {
      stored.add(key);
      blocks.putIfAbsent(key, block.toArray(ValueLayout.JAVA_BYTE));
    }

    @Override
    public void discard(String tenant, BlockKey key, MemorySegment block) {
      discarded.add(key);
      if (Arrays.equals(blocks.get(key), block.toArray(ValueLayout.JAVA_BYTE))) {
        blocks.remove(key);
      }
    }

    @Override
    public void close() {}
  }
}
