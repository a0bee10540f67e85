package dev.slipstream.target.application;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.slipstream.engine.cache.BlockKey;
import dev.slipstream.engine.cache.KvLayout;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A bug costs the request that it shows in. Nobody waits for ever, and nobody else pays. */
@Timeout(60)
class DecodeLoopFaultsTest extends DecodeLoopFixture {
  private final FailingPrefixes prefixes = new FailingPrefixes();

  @Test
  void aRequestThatCannotBeAdmittedFailsAloneAndTheNextGetsItsPlace() {
    start(settings(64, 64, 1), prefixes);
    model.gate = new Semaphore(0);
    Answer first = submit(task(prompt(10, 1), 3), new Answer());
    // They are admitted by the loop itself, when the first has ended.
    Answer faulty = submit(task(prompt(40, 2), 3), new Answer());
    Answer last = submit(task(prompt(12, 3), 3), new Answer());
    model.gate.release(1 << 20);

    assertThat(first.tokens()).isEqualTo(model.greedy(prompt(10, 1), 3));
    assertThat(faulty.failure()).isInstanceOf(DecodeFailure.Broken.class);
    assertThat(last.tokens()).isEqualTo(model.greedy(prompt(12, 3), 3));
    awaitGauge("slipstream.kv.cache.blocks.used", 0);
    awaitGauge("slipstream.num.requests.waiting", 0);
  }

  @Test
  void aRequestThatFailsAsItArrivesIsAnswered() {
    start(settings(64, 64, 2), prefixes);

    assertThat(decode(prompt(40, 2), 3).failure()).isInstanceOf(DecodeFailure.Broken.class);
    assertThat(decode(prompt(10, 1), 3).tokens()).isEqualTo(model.greedy(prompt(10, 1), 3));
    awaitGauge("slipstream.kv.cache.blocks.used", 0);
  }

  @Test
  void blocksThatCannotBeTakenCostTheirRequestOnlyTime() {
    prefixes.answer = result -> result.accept(List.of(new byte[1 << 20], new byte[1 << 20]));
    start(settings(64, 64, 2), prefixes);

    assertThat(decode(prompt(40, 2), 3).tokens()).isEqualTo(model.greedy(prompt(40, 2), 3));
    assertThat(decode(prompt(10, 1), 3).tokens()).isEqualTo(model.greedy(prompt(10, 1), 3));
  }

  /** Thousands of them, of megabytes each, would else lie in the loop's queue until it is free. */
  @Test
  void aPromptBeyondTheContextIsRefusedWhileAPassGoesOn() {
    start(settings(64, 64, 2));
    model.gate = new Semaphore(0);
    Answer running = submit(task(prompt(10, 1), 3), new Answer());

    Answer tooLong = submit(task(prompt(5000, 2), 3), new Answer());

    assertThat(tooLong.isOver()).as("without a pass").isTrue();
    assertThat(tooLong.failure()).isInstanceOf(DecodeFailure.PromptTooLong.class);
    tooLong.handle.join().cancel();
    model.gate.release(1 << 20);
    assertThat(running.tokens()).isEqualTo(model.greedy(prompt(10, 1), 3));
  }

  @Test
  void anErrorInOneSequenceOrInItsListenerSparesTheOthers() {
    start(settings(64, 64, 2));
    model.gate = new Semaphore(0);
    Answer throwing = new Answer();
    throwing.onStep =
        step -> {
          throw new StackOverflowError("in a listener");
        };
    submit(task(prompt(10, 1), 20), throwing);
    Answer other = submit(task(prompt(11, 2), 20), new Answer());
    model.gate.release(1 << 20);

    assertThat(other.tokens()).isEqualTo(model.greedy(prompt(11, 2), 20));
    assertThat(throwing.failure()).isInstanceOf(DecodeFailure.Broken.class);
  }

  /** One user's prompt must not end the answers of all others whenever it is asked. */
  @Test
  void aPassThatFailsCostsOnlyTheRequestThatItFailsOver() {
    start(settings(64, 64, 4));
    model.gate = new Semaphore(0);
    model.poison = 290;
    int[] bad = prompt(12, 3);
    bad[5] = model.poison;
    for (Throwable error :
        List.of(new IllegalStateException(), new StackOverflowError(), new LinkageError())) {
      model.poisoning = error;
      Answer one = submit(task(prompt(10, 1), 8), new Answer());
      Answer poisoned = submit(task(bad, 8), new Answer());
      Answer other = submit(task(prompt(11, 2), 8), new Answer());
      model.gate.release(1 << 10);

      assertThat(poisoned.failure()).isInstanceOf(DecodeFailure.Broken.class);
      assertThat(one.tokens()).isEqualTo(model.greedy(prompt(10, 1), 8));
      assertThat(other.tokens()).isEqualTo(model.greedy(prompt(11, 2), 8));
    }
    awaitGauge("slipstream.kv.cache.blocks.used", 0);
    assertThat(registry.get("slipstream.vm.errors").tag("error", "LinkageError").counter().count())
        .isEqualTo(1);
  }

  @Test
  void aPassWithoutMemoryIsRefusedSoThatAnotherTargetDoesIt() {
    start(settings(64, 64, 2));
    for (int i = 0; i < 5; i++) {
      model.failure = new OutOfMemoryError("test");
      assertThat(decode(prompt(10, 1), 3).failure()).isInstanceOf(DecodeFailure.OutOfMemory.class);
      assertThat(decode(prompt(10, 1), 3).tokens()).isEqualTo(model.greedy(prompt(10, 1), 3));
    }
  }

  /** Nobody knows what else has failed in a process that has no memory left: it starts anew. */
  @Test
  void aTargetThatHasNoMemoryForAnyPassGivesUp() {
    start(settings(64, 64, 2));
    for (int i = 0; i < 2; i++) {
      model.failure = new OutOfMemoryError("test");
      decode(prompt(10, 1), 3).failure();
    }
    model.failure = new OutOfMemoryError("test");
    assertThat(decode(prompt(10, 1), 3).failure()).isInstanceOf(DecodeFailure.OutOfService.class);
    assertThatThrownBy(() -> loop.end().toCompletableFuture().get(30, TimeUnit.SECONDS))
        .isInstanceOf(ExecutionException.class)
        .hasRootCauseInstanceOf(OutOfMemoryError.class);
  }

  @Test
  void aLoopThatBreaksDownAnswersEverybodyAndSaysSo() {
    prefixes.answer = result -> {};
    start(settings(64, 64, 2), prefixes);
    model.gate = new Semaphore(0);
    Answer running = new Answer();
    running.onStep = step -> Thread.currentThread().interrupt();
    submit(task(prompt(10, 1), 1), running);
    Answer fetching = submit(task(prompt(40, 2), 3), new Answer());
    model.gate.release(1 << 20);

    running.outcome();
    assertThatThrownBy(() -> loop.end().toCompletableFuture().get(30, TimeUnit.SECONDS))
        .isInstanceOf(ExecutionException.class)
        .hasRootCauseInstanceOf(InterruptedException.class);
    assertThat(fetching.failure()).isInstanceOf(DecodeFailure.OutOfService.class);
    assertThat(decode(prompt(10, 1), 5).failure()).isInstanceOf(DecodeFailure.OutOfService.class);
  }

  @Test
  void aLoopThatIsClosedEndsWithoutComplaint() {
    start(settings(64, 64, 1));
    loop.close();
    assertThat(loop.end().toCompletableFuture()).isCompleted();
  }

  /** Shares nothing, and fails at prompts of more than one block. */
  private static final class FailingPrefixes implements SharedPrefixes {
    Consumer<Consumer<List<byte[]>>> answer =
        result -> {
          throw new AssertionError("a bug in the cache's client");
        };

    @Override
    public boolean isAvailable() {
      return true;
    }

    @Override
    public void fetch(
        String tenant, List<BlockKey> keys, KvLayout layout, Consumer<List<byte[]>> result) {
      answer.accept(result);
    }

    @Override
    public void store(String tenant, BlockKey key, MemorySegment block) {}

    @Override
    public void discard(String tenant, BlockKey key, MemorySegment block) {}

    @Override
    public void close() {}
  }
}
