package dev.slipstream.standalone.flow;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.abort;

import dev.slipstream.engine.cache.encoding.NamedEncoding;
import dev.slipstream.engine.speculation.CostMeasurement;
import dev.slipstream.engine.speculation.CostMeasurement.Point;
import dev.slipstream.models.catalog.CacheDirectory;
import dev.slipstream.models.catalog.CatalogSettings;
import dev.slipstream.models.catalog.ModelResolver;
import dev.slipstream.models.catalog.ModelUnavailableException;
import dev.slipstream.models.catalog.ProgressListener;
import dev.slipstream.models.catalog.ResolvedModel;
import dev.slipstream.proto.v1.ChatMessage;
import dev.slipstream.proto.v1.ChatPrompt;
import dev.slipstream.proto.v1.GenerateRequest;
import dev.slipstream.proto.v1.GenerateResponse;
import dev.slipstream.proto.v1.GenerationServiceGrpc;
import dev.slipstream.proto.v1.ListModelsRequest;
import dev.slipstream.proto.v1.SamplingParams;
import dev.slipstream.proto.v1.SpeculationMode;
import dev.slipstream.proto.v1.SpeculationOptions;
import dev.slipstream.proto.v1.SpeculationStats;
import dev.slipstream.proto.v1.Usage;
import dev.slipstream.standalone.suite.EmbeddedSuite;
import dev.slipstream.standalone.suite.Service;
import dev.slipstream.standalone.suite.SuiteConfiguration;
import dev.slipstream.standalone.suite.SuiteConfiguration.Form;
import dev.slipstream.standalone.suite.SuiteSettings;
import dev.slipstream.target.application.CostFile;
import io.grpc.Channel;
import io.grpc.Grpc;
import io.grpc.InsecureChannelCredentials;
import io.grpc.ManagedChannel;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.micrometer.core.instrument.MeterRegistry;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.IntConsumer;

/** The real suite on the default model, and requests to it. */
public final class Flow {

  /** A loaded machine starts four processes slowly; a broken one would wait in vain anyway. */
  static final Duration PATIENCE = Duration.ofMinutes(5);

  private static final int THREADS = 2;

  /** What a whole answer says about itself. */
  record Answer(List<Integer> ids, Usage usage, SpeculationStats speculation, int resumes) {}

  private Flow() {}

  /** The default model; without it in the cache the test is skipped. */
  static ResolvedModel model() throws InterruptedException {
    var found = CatalogSettings.of(System.getenv());
    var offline =
        new CatalogSettings(
            found.cache(), true, found.hubEndpoint(), found.hubToken(), found.retry());
    var resolver = new ModelResolver(offline);
    try {
      return resolver.resolve(resolver.catalog().defaultId(), ProgressListener.SILENT);
    } catch (ModelUnavailableException e) {
      return abort("skipped: the default model is not in the cache (./slipstream pull)");
    }
  }

  /**
   * A suite on free ports, in which a pass over many rows is believed to cost hardly more than one
   * row, so that drafts are verified wherever there are any.
   *
   * @param home empty folder
   * @param properties further ones, by service
   */
  static SuiteSettings settings(Path home, Map<Service, Map<String, String>> properties)
      throws InterruptedException {
    System.setProperty("org.springframework.boot.logging.LoggingSystem", "none");
    ResolvedModel model = model();
    keepCheapRows(home, model, THREADS);
    Map<Service, Map<String, String>> all = new EnumMap<>(Service.class);
    all.putAll(properties);
    all.merge(
        Service.TARGET,
        Map.of(
            "slipstream.target.kv-cache.size", "192MB",
            // What was just written is to be believed, whatever passes take.
            "slipstream.target.cost-budget", "0s",
            // A busy machine must not make the target leave kv-service alone.
            "slipstream.target.kv.patience", "60s",
            "slipstream.target.kv.store-queue", "256MB"),
        Flow::union);
    return new SuiteSettings(
        SuiteConfiguration.check(Form.EMBEDDED, System.getenv(), Map.of()),
        model,
        OptionalInt.of(THREADS),
        Optional.of(new SuiteSettings.Network("127.0.0.1", 0, 0)),
        new CacheDirectory(home),
        all);
  }

  /** Has it that passes were measured, and many rows cost hardly more than one. */
  public static void keepCheapRows(Path home, ResolvedModel model, int threads) {
    new CostFile(
            home.resolve("costs"),
            model.sha256(),
            threads,
            System.getProperty("os.arch") + " " + NamedEncoding.DEFAULT.id())
        .write(
            new CostMeasurement(
                List.of(
                    new Point(1, 0.0100, 0.0100),
                    new Point(2, 0.0101, 0.0101),
                    new Point(16, 0.0110, 0.0110),
                    new Point(32, 0.0120, 0.0120))));
  }

  private static Map<String, String> union(Map<String, String> one, Map<String, String> other) {
    var both = new java.util.HashMap<>(one);
    both.putAll(other);
    return both;
  }

  /** A channel through the network, to a suite that has a model to offer by then. */
  static ManagedChannel connect(String address) {
    ManagedChannel channel =
        Grpc.newChannelBuilder(address, InsecureChannelCredentials.create()).build();
    awaitModel(channel);
    return channel;
  }

  static void awaitModel(ManagedChannel channel) {
    var stub = GenerationServiceGrpc.newBlockingStub(channel);
    await()
        .atMost(PATIENCE)
        .ignoreExceptionsMatching(
            e ->
                e instanceof StatusRuntimeException s
                    && s.getStatus().getCode() == Status.Code.UNAVAILABLE)
        .until(
            () -> {
              channel.resetConnectBackoff();
              return stub.listModels(ListModelsRequest.getDefaultInstance()).getModelsCount() > 0;
            });
  }

  static GenerateRequest.Builder text(String text, int maxTokens) {
    return GenerateRequest.newBuilder()
        .setText(text)
        .setMaxTokens(maxTokens)
        .setSampling(SamplingParams.newBuilder().setTemperature(0));
  }

  static SpeculationOptions speculation(boolean on) {
    return SpeculationOptions.newBuilder()
        .setMode(on ? SpeculationMode.SPECULATION_MODE_AUTO : SpeculationMode.SPECULATION_MODE_OFF)
        .build();
  }

  static Answer ask(Channel gateway, GenerateRequest request) {
    return ask(gateway, request, tokens -> {});
  }

  /**
   * @param progress hears how many tokens there are, each time that there are more
   */
  static Answer ask(Channel gateway, GenerateRequest request, IntConsumer progress) {
    List<Integer> ids = new ArrayList<>();
    Answer answer = null;
    var events = GenerationServiceGrpc.newBlockingStub(gateway).generate(request);
    while (events.hasNext()) {
      GenerateResponse event = events.next();
      switch (event.getEventCase()) {
        case STARTED, EVENT_NOT_SET -> {}
        case CHUNK -> {
          event.getChunk().getTokensList().forEach(token -> ids.add(token.getId()));
          progress.accept(ids.size());
        }
        case FINISHED ->
            answer =
                new Answer(
                    List.copyOf(ids),
                    event.getFinished().getUsage(),
                    event.getFinished().getSpeculation(),
                    event.getFinished().getResumes());
      }
    }
    return answer;
  }

  /** The prompts of {@code prompts.txt}, without sampling parameters. */
  static List<GenerateRequest> prompts() {
    try (var in = Flow.class.getResourceAsStream("prompts.txt")) {
      String file = new String(in.readAllBytes(), StandardCharsets.UTF_8);
      return Arrays.stream(file.split("(?m)^=== "))
          .filter(part -> !part.isBlank())
          .map(Flow::prompt)
          .toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static GenerateRequest prompt(String part) {
    String kind = part.substring(0, part.indexOf('\n'));
    String text = part.substring(part.indexOf('\n') + 1).stripTrailing();
    return switch (kind) {
      case "chat" ->
          GenerateRequest.newBuilder()
              .setChat(
                  ChatPrompt.newBuilder()
                      .addMessages(ChatMessage.newBuilder().setRole("user").setContent(text)))
              .build();
      case "text" -> GenerateRequest.newBuilder().setText(text).build();
      default -> throw new IllegalArgumentException(kind);
    };
  }

  /** A gauge or counter of an embedded service, summed over its labels. */
  static double metric(EmbeddedSuite suite, Service service, String name) {
    return suite.context(service).getBean(MeterRegistry.class).get(name).meters().stream()
        .mapToDouble(meter -> meter.measure().iterator().next().getValue())
        .sum();
  }
}
