package dev.slipstream.target;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.slipstream.engine.sampling.SamplingParams;
import dev.slipstream.engine.speculation.CostMeasurement;
import dev.slipstream.engine.speculation.CostMeasurement.Point;
import dev.slipstream.target.application.CommittedTokens;
import dev.slipstream.target.application.DecodeFailure;
import dev.slipstream.target.application.DecodeListener;
import dev.slipstream.target.application.DecodeTask;
import dev.slipstream.target.application.Outcome;
import dev.slipstream.target.application.SharedPrefixes;
import dev.slipstream.target.application.TaskOwner;
import dev.slipstream.target.application.Techniques;
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
import java.util.concurrent.CountDownLatch;
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
import org.springframework.context.event.ContextClosedEvent;
import org.springframework.context.support.GenericApplicationContext;

/** Whoever routes requests asks for readiness: it must not lie about a target that is gone. */
@Timeout(60)
class ModelHostTest {
  @TempDir private Path cache;
  private final BlockingQueue<Status> health = new LinkedBlockingQueue<>();
  private final List<String> failures = new CopyOnWriteArrayList<>();
  private final AtomicInteger released = new AtomicInteger();
  private final GenericApplicationContext context = new GenericApplicationContext();
  private String budget = "0s";
  private ModelHost host;

  @BeforeEach
  void start() {
    context.addApplicationListener(
        (ApplicationListener<ModelFailedEvent>) event -> failures.add(event.reason()));
    context.refresh();
    startHost();
  }

  private void startHost() {
    host = host(this::loaded);
    host.start();
    host.load();
  }

  private ModelHost host(ModelLoader loader) {
    return new ModelHost(
        bound(TargetProperties.class),
        bound(BatchProperties.class),
        loader,
        SharedPrefixes.NONE,
        List.of(),
        Techniques.NONE,
        new SimpleMeterRegistry(),
        context,
        () -> health.add(status()));
  }

  private LoadedModel loaded() {
    return new LoadedModel(
        new ToyModel(20).served(), new byte[0], "toy", released::incrementAndGet);
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
  void aKeptCostThatPassesRefuteIsForgotten() throws Exception {
    assertThat(health.poll(30, TimeUnit.SECONDS)).isEqualTo(Status.UP);
    host.stop();
    String name = "d".repeat(16) + "-%dt-%s-i16s-2.txt";
    int threads = Runtime.getRuntime().availableProcessors();
    Path file =
        cache.resolve("costs").resolve(name.formatted(threads, System.getProperty("os.arch")));
    Files.createDirectories(file.getParent());
    Files.writeString(file, profileOf(1000));
    budget = "1ms";
    startHost();
    assertThat(health.poll(30, TimeUnit.SECONDS)).isEqualTo(Status.UP);
    CompletableFuture<Void> finished = new CompletableFuture<>();
    host.served().loop().submit(task(40), new AtTheEnd(() -> finished.complete(null)));
    finished.get(30, TimeUnit.SECONDS);
    assertThat(file).doesNotExist();
    host.stop();
  }

  private static String profileOf(double seconds) {
    return new CostMeasurement(
            List.of(
                new Point(1, seconds, seconds),
                new Point(2, 1.5 * seconds, 1.5 * seconds),
                new Point(4, 2.5 * seconds, 2.5 * seconds)))
        .toText();
  }

  /** It can take minutes, which nobody has who stops a service. */
  @Test
  void aStopEndsALoadThatIsUnderWay() throws Exception {
    assertThat(health.poll(30, TimeUnit.SECONDS)).isEqualTo(Status.UP);
    host.stop();
    CountDownLatch started = new CountDownLatch(1);
    CountDownLatch ended = new CountDownLatch(1);
    host =
        host(
            () -> {
              started.countDown();
              try {
                new CountDownLatch(1).await();
              } finally {
                ended.countDown();
              }
              throw new AssertionError();
            });
    host.start();
    host.load();
    started.await();
    host.onApplicationEvent(new ContextClosedEvent(context));
    assertThat(ended.await(30, TimeUnit.SECONDS)).as("before the phase that stops it").isTrue();
    host.stop();
    assertThat(status()).isEqualTo(Status.OUT_OF_SERVICE);
    assertThat(failures).as("what was asked for is no failure").isEmpty();
  }

  @Test
  void aModelThatCameTooLateIsClosed() throws Exception {
    assertThat(health.poll(30, TimeUnit.SECONDS)).isEqualTo(Status.UP);
    host.stop();
    budget = "10s";
    CountDownLatch started = new CountDownLatch(1);
    host =
        host(
            () -> {
              started.countDown();
              while (!Thread.currentThread().isInterrupted()) {
                Thread.onSpinWait();
              }
              return loaded();
            });
    host.start();
    host.load();
    started.await();
    host.stop();
    assertThat(released).as("the first model and the late one").hasValue(2);
    assertThat(failures).isEmpty();
  }

  private Status status() {
    return new TargetConfiguration().modelHealthIndicator(host).health().getStatus();
  }

  private <T> T bound(Class<T> properties) {
    Map<String, String> set =
        Map.of(
            "slipstream.target.cache-directory",
            cache.toString(),
            "slipstream.target.cost-budget",
            budget);
    return new Binder(new MapConfigurationPropertySource(set))
        .bindOrCreate("slipstream.target", properties);
  }

  private static DecodeTask task(int maxTokens) {
    return new DecodeTask(
        new TaskOwner("", ""),
        new int[] {1, 2, 3},
        0,
        SamplingParams.greedy(),
        DecodeTask.NO_RULE,
        new DecodeTask.Ending(maxTokens, false, Set.of()),
        DecodeTask.NO_LOGPROBS,
        new DecodeTask.Speculation(false, 0, "", ""));
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
