package dev.slipstream.standalone.flow;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.awaitility.Awaitility.await;

import dev.slipstream.engine.model.ForwardPass;
import dev.slipstream.engine.model.PassResult;
import dev.slipstream.engine.runtime.Batch;
import dev.slipstream.gateway.GatewayApplication;
import dev.slipstream.gateway.access.KeyHash;
import dev.slipstream.gateway.upstream.BreakerState;
import dev.slipstream.gateway.upstream.TargetEndpoint;
import dev.slipstream.gateway.upstream.Targets;
import dev.slipstream.proto.v1.GenerateRequest;
import dev.slipstream.target.LoadedModel;
import dev.slipstream.target.ModelLoader;
import dev.slipstream.target.TargetApplication;
import dev.slipstream.target.application.ServedModel;
import dev.slipstream.text.tokenizer.GoldenFiles;
import dev.slipstream.text.tokenizer.Tokenizer;
import io.grpc.Channel;
import io.grpc.ClientInterceptors;
import io.grpc.Grpc;
import io.grpc.InsecureChannelCredentials;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.MetadataUtils;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.beans.factory.config.BeanPostProcessor;
import org.springframework.boot.WebApplicationType;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.context.ConfigurableApplicationContext;

/**
 * Two real targets whose kernels break at a certain token. Whoever sends it gets an error; if
 * others notice, one user can stop the service for all.
 */
@Tag("model")
@Tag("suite")
class PoisonTest {
  private static final String POISON = "~";
  private static final int TOKENS = 12;

  private final List<ConfigurableApplicationContext> contexts = new ArrayList<>();
  private ManagedChannel channel;
  private Targets targets;

  @BeforeEach
  void start(@TempDir Path home) throws Exception {
    Path model = GoldenFiles.folder().resolve("tiny").resolve("llama-tied.F16.gguf");
    Tokenizer tokenizer = Tokenizer.of(GoldenFiles.metadata(model));
    int[] poison = tokenizer.encode(POISON, false, false);
    assertThat(poison).hasSize(1);
    String addresses =
        startTarget(model, home, poison[0]) + "," + startTarget(model, home, poison[0]);
    ConfigurableApplicationContext gateway =
        start(
            new SpringApplicationBuilder(GatewayApplication.class),
            "--slipstream.gateway.targets=" + addresses,
            "--slipstream.gateway.drafts=",
            "--slipstream.gateway.api-keys=good %s,bad %s"
                .formatted(KeyHash.of("good"), KeyHash.of("bad")));
    targets = gateway.getBean(Targets.class);
    await()
        .atMost(Flow.PATIENCE)
        .until(() -> targets.endpoints().stream().allMatch(e -> e.model().isPresent()));
    channel = Grpc.newChannelBuilder(address(gateway), InsecureChannelCredentials.create()).build();
  }

  @AfterEach
  void stop() {
    if (channel != null) {
      channel.shutdownNow();
    }
    contexts.reversed().forEach(ConfigurableApplicationContext::close);
  }

  private String startTarget(Path model, Path home, int poison) {
    return "static://"
        + address(
            start(
                new SpringApplicationBuilder(TargetApplication.class)
                    .initializers(
                        context ->
                            context.getBeanFactory().addBeanPostProcessor(new Breaking(poison))),
                "--slipstream.target.model=" + model,
                "--slipstream.target.threads=1",
                "--slipstream.target.cost-budget=100ms",
                "--slipstream.target.kv-cache.size=8MB",
                "--slipstream.target.cache-directory=" + home));
  }

  private ConfigurableApplicationContext start(
      SpringApplicationBuilder application, String... arguments) {
    List<String> all = new ArrayList<>(List.of(arguments));
    all.addAll(
        List.of(
            "--server.port=0",
            "--spring.main.banner-mode=off",
            "--spring.grpc.server.address=127.0.0.1",
            "--spring.grpc.server.port=0"));
    ConfigurableApplicationContext context =
        application
            .web(WebApplicationType.NONE)
            .registerShutdownHook(false)
            .logStartupInfo(false)
            .run(all.toArray(String[]::new));
    contexts.add(context);
    return context;
  }

  private static String address(ConfigurableApplicationContext context) {
    return "127.0.0.1:" + context.getEnvironment().getRequiredProperty("local.grpc.server.port");
  }

  private Channel as(String key) {
    Metadata headers = new Metadata();
    headers.put(
        Metadata.Key.of("authorization", Metadata.ASCII_STRING_MARSHALLER), "Bearer " + key);
    return ClientInterceptors.intercept(
        channel, MetadataUtils.newAttachHeadersInterceptor(headers));
  }

  private static GenerateRequest request(String text) {
    return Flow.text(text, TOKENS).setIgnoreEos(true).build();
  }

  @Test
  void oneTenantsQueriesOfDeathCostTheOthersNothing() {
    String question = "Once upon a time there was a harbour";
    List<Integer> undisturbed = Flow.ask(as("good"), request(question)).ids();

    for (int i = 0; i < 10; i++) {
      String text = "number " + i + " " + POISON;
      List<CompletableFuture<Status>> attack = new ArrayList<>();
      for (int j = 0; j < 3; j++) {
        attack.add(CompletableFuture.supplyAsync(() -> fail(text)));
      }
      assertThat(Flow.ask(as("good"), request(question)).ids()).isEqualTo(undisturbed);
      for (CompletableFuture<Status> end : attack) {
        Status status = end.join();
        assertThat(status.getCode()).isEqualTo(Status.Code.INTERNAL);
        assertThat(status.getDescription()).contains("Two targets in a row failed");
      }
      assertThat(targets.endpoints())
          .extracting(TargetEndpoint::breaker)
          .containsOnly(BreakerState.CLOSED);
    }
    long asked = targets.endpoints().stream().mapToLong(TargetEndpoint::opened).sum();
    assertThat(fail("number 3 " + POISON).getDescription()).contains("a while ago");
    assertThat(targets.endpoints().stream().mapToLong(TargetEndpoint::opened).sum())
        .as("a request that is known goes to no target")
        .isEqualTo(asked);
  }

  private Status fail(String text) {
    return catchThrowableOfType(
            StatusRuntimeException.class, () -> Flow.ask(as("bad"), request(text)))
        .getStatus();
  }

  /** Wraps the model that the service loads. */
  private record Breaking(int poison) implements BeanPostProcessor {
    @Override
    public Object postProcessAfterInitialization(Object bean, String name) {
      return bean instanceof ModelLoader loader ? (ModelLoader) () -> broken(loader.load()) : bean;
    }

    private LoadedModel broken(LoadedModel loaded) {
      ServedModel model = loaded.model();
      return new LoadedModel(
          model.withPass(new BrokenPass(model.pass(), poison)),
          loaded.vocabulary(),
          loaded.description(),
          loaded.resources());
    }
  }

  private record BrokenPass(ForwardPass pass, int poison) implements ForwardPass {
    @Override
    public PassResult forward(Batch batch) {
      for (int row = 0; row < batch.rows(); row++) {
        if (batch.token(row) == poison) {
          throw new IllegalStateException("a kernel that breaks at this token");
        }
      }
      return pass.forward(batch);
    }
  }
}
