package dev.slipstream.target;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.slipstream.engine.sampling.SamplingParams;
import dev.slipstream.engine.speculation.VerificationCost;
import dev.slipstream.target.application.CommittedTokens;
import dev.slipstream.target.application.DecodeFailure;
import dev.slipstream.target.application.DecodeListener;
import dev.slipstream.target.application.DecodeTask;
import dev.slipstream.target.application.Outcome;
import dev.slipstream.target.application.SharedPrefixes;
import dev.slipstream.target.application.ToyModel;
import dev.slipstream.target.transport.TargetProvider.NotReadyException;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.boot.context.properties.source.MapConfigurationPropertySource;
import org.springframework.boot.health.contributor.Status;
import org.springframework.context.ApplicationListener;
import org.springframework.context.support.GenericApplicationContext;

/** Whoever routes requests asks for readiness: it must not lie about a target that is gone. */
@Timeout(60)
class ModelHostTest {
  @TempDir private Path cache;
  private final BlockingQueue<Status> health = new LinkedBlockingQueue<>();
  private final List<String> failures = new CopyOnWriteArrayList<>();
  private final AtomicInteger released = new AtomicInteger();
  private final GenericApplicationContext context = new GenericApplicationContext();
  private ModelHost host;

  @BeforeEach
  void start() {
    context.addApplicationListener(
        (ApplicationListener<ModelFailedEvent>) event -> failures.add(event.reason()));
    context.refresh();
    startHost();
  }

  private void startHost() {
    host =
        new ModelHost(
            properties(),
            () ->
                new LoadedModel(
                    new ToyModel(20).served(), new byte[0], "toy", released::incrementAndGet),
            SharedPrefixes.NONE,
            List.of(),
            new SimpleMeterRegistry(),
            context,
            () -> health.add(status()));
    host.start();
    host.load();
  }

  @Test
  void aLoopThatBreaksDownTakesReadinessWithIt() throws Exception {
    assertThat(health.poll(30, TimeUnit.SECONDS)).isEqualTo(Status.UP);
    assertThat(host.served().model().id()).isEqualTo("toy");

    // Nothing to be done, so the loop waits, and is woken in a way that nobody should.
    host.served().loop().submit(task(1), new AtTheEnd(() -> Thread.currentThread().interrupt()));

    assertThat(health.poll(30, TimeUnit.SECONDS)).isEqualTo(Status.DOWN);
    assertThatThrownBy(host::served)
        .isInstanceOf(NotReadyException.class)
        .hasMessageContaining("broken down");
    host.stop();
    assertThat(failures).hasSize(1);
    assertThat(released).as("times that the model was closed").hasValue(1);
  }

  @Test
  void aLoopThatIsStoppedIsNoFailure() throws Exception {
    assertThat(health.poll(30, TimeUnit.SECONDS)).isEqualTo(Status.UP);
    host.stop();

    assertThat(status()).isEqualTo(Status.OUT_OF_SERVICE);
    assertThat(failures).isEmpty();
    assertThat(released).hasValue(1);
  }

  /**
   * Drafts would be verified, or not, by a table that was never true, for as long as it lies there.
   */
  @Test
  void aKeptCostThatPlainStepsRefuteIsForgotten() throws Exception {
    assertThat(health.poll(30, TimeUnit.SECONDS)).isEqualTo(Status.UP);
    host.stop();
    Path file;
    try (var files = Files.list(cache.resolve("costs"))) {
      file = files.findFirst().orElseThrow();
    }
    Files.writeString(file, VerificationCost.of(Map.of(1, 1e-9, 32, 1e-9)).toText());
    decodeInANewHost();
    assertThat(file).as("a busy machine refutes nothing").exists();

    Files.writeString(file, VerificationCost.of(Map.of(1, 1000.0, 32, 1000.0)).toText());
    decodeInANewHost();
    assertThat(file).doesNotExist();
  }

  private void decodeInANewHost() throws Exception {
    startHost();
    assertThat(health.poll(30, TimeUnit.SECONDS)).isEqualTo(Status.UP);
    CompletableFuture<Void> finished = new CompletableFuture<>();
    host.served().loop().submit(task(3), new AtTheEnd(() -> finished.complete(null)));
    finished.get(30, TimeUnit.SECONDS);
    host.stop();
  }

  private Status status() {
    return new TargetConfiguration().modelHealthIndicator(host).health().getStatus();
  }

  private TargetProperties properties() {
    Map<String, String> set =
        Map.of(
            "slipstream.target.cache-directory",
            cache.toString(),
            "slipstream.target.cost-budget",
            "0s");
    return new Binder(new MapConfigurationPropertySource(set))
        .bindOrCreate("slipstream.target", TargetProperties.class);
  }

  private static DecodeTask task(int maxTokens) {
    return new DecodeTask(
        "",
        new int[] {1, 2, 3},
        0,
        SamplingParams.greedy(),
        maxTokens,
        false,
        Set.of(),
        DecodeTask.NO_LOGPROBS,
        new DecodeTask.Speculation(false, 0, "", ""),
        "");
  }

  /** Acts on the loop's thread. */
  private record AtTheEnd(Runnable action) implements DecodeListener {

    @Override
    public void started(int cachedTokens, int remoteCachedTokens) {}

    @Override
    public void committed(CommittedTokens tokens) {}

    @Override
    public void finished(Outcome outcome) {
      action.run();
    }

    @Override
    public void failed(DecodeFailure failure) {}
  }
}
