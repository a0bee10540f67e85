package dev.slipstream.target.application;

import static org.assertj.core.api.Assertions.assertThat;

import dev.slipstream.engine.sampling.SamplingParams;
import dev.slipstream.engine.speculation.DraftTree;
import dev.slipstream.engine.speculation.PassCost;
import dev.slipstream.engine.speculation.Proposed;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Duration;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Semaphore;
import java.util.function.IntUnaryOperator;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;

/** A decode loop over a toy model, and what tests do with it. */
abstract class DecodeLoopFixture {
  /** Verifying is nearly free, so the gate is glad of every draft. */
  static final PassCost CHEAP = PassCost.of(Map.of(1, 1.0, 64, 1.01));

  MeterRegistry registry = new SimpleMeterRegistry();
  final ToyModel model = new ToyModel(20);
  DecodeLoop loop;

  /** Of loops that are started from now on. */
  Techniques techniques = Techniques.NONE;

  @AfterEach
  void stop() {
    if (model.gate != null) {
      model.gate.release(1 << 20);
    }
    if (loop != null) {
      loop.close();
    }
  }

  static void join(Thread thread) {
    try {
      thread.join();
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  static void join(Thread thread, Semaphore gate) {
    while (thread.isAlive()) {
      gate.release();
      Thread.onSpinWait();
    }
  }

  Answer decode(int[] prompt, int tokens) {
    return submit(task(prompt, tokens), new Answer());
  }

  Answer submit(DecodeTask task, Answer answer) {
    answer.handle.complete(loop.submit(task, answer));
    return answer;
  }

  /** Each step is answered with a draft of up to eight tokens. */
  Answer submitWithDrafts(DecodeTask task, IntUnaryOperator draft) {
    Answer answer = new Answer();
    answer.onStep =
        step -> {
          int length = step.baseLength() + step.tokens().size();
          int from = length - task.prompt().length;
          int[] chain =
              IntStream.range(from, Math.min(task.ending().maxTokens(), from + 8))
                  .map(draft)
                  .toArray();
          DraftTree tree = DraftTree.chain(ToyModel.VOCABULARY, chain);
          answer.handle.join().propose(proposed(length, length, tree));
        };
    return submit(task, answer);
  }

  static DecodeTask task(int[] prompt, int tokens) {
    return task(prompt, tokens, SamplingParams.greedy(), Integer.MAX_VALUE);
  }

  static DecodeTask task(int[] prompt, int tokens, SamplingParams sampling, int maxDraftTokens) {
    return new DecodeTask(
        new TaskOwner("", ""),
        prompt,
        0,
        sampling,
        DecodeTask.NO_RULE,
        new DecodeTask.Ending(tokens, false, Set.of()),
        -1,
        new DecodeTask.Speculation(true, maxDraftTokens, "", ""));
  }

  /** A draft of the drafter "test". */
  static Proposed proposed(long epoch, int baseLength, DraftTree tree) {
    return new Proposed(epoch, baseLength, tree, "test", 0.001, 0);
  }

  static int[] prompt(int length, int salt) {
    return IntStream.range(0, length).map(i -> (i * 7 + salt * 31 + i * i % 11) % 290).toArray();
  }

  static LoopSettings settings(int blocks, int chunk, int running) {
    return new LoopSettings(blocks, 4096, Math.max(64, chunk), chunk, running, 100, 10, 16);
  }

  void start(LoopSettings settings) {
    start(settings, model);
  }

  void start(LoopSettings settings, ToyModel toy) {
    start(settings, toy, CHEAP);
  }

  void start(LoopSettings settings, ToyModel toy, PassCost cost) {
    start(settings, toy, cost, SharedPrefixes.NONE);
  }

  void start(LoopSettings settings, SharedPrefixes prefixes) {
    start(settings, model, CHEAP, prefixes);
  }

  void start(LoopSettings settings, PassCosts costs) {
    start(settings, model, costs, SharedPrefixes.NONE);
  }

  private void start(LoopSettings settings, ToyModel toy, PassCost cost, SharedPrefixes prefixes) {
    start(settings, toy, new AssumedCosts(cost), prefixes);
  }

  private void start(
      LoopSettings settings, ToyModel toy, PassCosts costs, SharedPrefixes prefixes) {
    ServedModel served = toy.served();
    DecodeMetrics metrics = new DecodeMetrics(registry, served, costs.cost());
    loop = new DecodeLoop(served, settings, prefixes, costs, techniques, metrics);
  }

  double counter(String name) {
    return registry.get(name).counter().count();
  }

  void awaitGauge(String name, double value) {
    long end = System.nanoTime() + Duration.ofSeconds(30).toNanos();
    while (registry.get(name).gauge().value() != value && System.nanoTime() < end) {
      Thread.onSpinWait();
    }
    assertThat(registry.get(name).gauge().value()).isEqualTo(value);
  }
}
