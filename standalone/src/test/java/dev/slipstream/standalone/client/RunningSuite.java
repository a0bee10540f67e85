package dev.slipstream.standalone.client;

import static org.assertj.core.api.Assertions.assertThat;

import dev.slipstream.models.catalog.CacheDirectory;
import dev.slipstream.models.catalog.CatalogSettings;
import dev.slipstream.models.catalog.ModelResolver;
import dev.slipstream.models.catalog.ProgressListener;
import dev.slipstream.proto.v1.GenerationServiceGrpc;
import dev.slipstream.proto.v1.ListModelsRequest;
import dev.slipstream.standalone.flow.Flow;
import dev.slipstream.standalone.suite.EmbeddedSuite;
import dev.slipstream.standalone.suite.Service;
import dev.slipstream.standalone.suite.SuiteConfiguration;
import dev.slipstream.standalone.suite.SuiteConfiguration.Form;
import dev.slipstream.standalone.suite.SuiteSettings;
import io.grpc.ManagedChannel;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.TreeMap;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ParameterContext;
import org.junit.jupiter.api.extension.ParameterResolver;

/**
 * One embedded suite on free ports with the default model, for all test classes together. They are
 * skipped if the model is not on this machine.
 */
final class RunningSuite implements AutoCloseable {
  static final String MODEL = "smollm2-135m-instruct";
  static final int CONTEXT = 1024;

  /** The gate may want to see some before it lets drafts through. */
  private static final int ANSWERS_UNTIL_DRAFTS = 60;

  private final EmbeddedSuite suite;

  private RunningSuite(EmbeddedSuite suite) {
    this.suite = suite;
  }

  /** Gives tests the suite as a parameter. */
  static final class Extension implements BeforeAllCallback, ParameterResolver {

    @Override
    public void beforeAll(ExtensionContext context) {
      var models = new ModelResolver(settings());
      Assumptions.assumeTrue(
          models.isCached(models.catalog().find(MODEL).orElseThrow()),
          "skipped: the default model is not in the cache; run 'slipstream pull'");
      suite(context);
    }

    private static RunningSuite suite(ExtensionContext context) {
      return context
          .getRoot()
          .getStore(ExtensionContext.Namespace.create(RunningSuite.class))
          .computeIfAbsent("suite", key -> start(), RunningSuite.class);
    }

    @Override
    public boolean supportsParameter(ParameterContext parameter, ExtensionContext context) {
      return parameter.getParameter().getType() == RunningSuite.class;
    }

    @Override
    public Object resolveParameter(ParameterContext parameter, ExtensionContext context) {
      return suite(context);
    }
  }

  private static CatalogSettings settings() {
    return CatalogSettings.of(System.getenv());
  }

  private static RunningSuite start() {
    try {
      var model = new ModelResolver(settings()).resolve(MODEL, ProgressListener.SILENT);
      Path home = Files.createTempDirectory("suite");
      Flow.keepCheapRows(home, model, Runtime.getRuntime().availableProcessors());
      var settings =
          new SuiteSettings(
              SuiteConfiguration.check(Form.EMBEDDED, System.getenv(), Map.of()),
              model,
              OptionalInt.empty(),
              Optional.of(new SuiteSettings.Network("127.0.0.1", 0, 0)),
              new CacheDirectory(home),
              Map.of(
                  Service.TARGET,
                  Map.of(
                      "slipstream.target.context-length",
                      Integer.toString(CONTEXT),
                      // What was kept is to be believed, whatever passes take.
                      "slipstream.target.cost-budget",
                      "0s")));
      RunningSuite running = new RunningSuite(EmbeddedSuite.start(settings));
      running.awaitModel();
      return running;
    } catch (InterruptedException | IOException e) {
      throw new AssertionError(e);
    }
  }

  /** Has answers that repeat themselves made until a draft was verified: some figures need one. */
  void verifyDrafts() throws IOException, InterruptedException {
    String body =
        "{\"prompt\": \"a b a b a b a b a b a b\", \"max_tokens\": 64, \"temperature\": 0}";
    HttpRequest request =
        HttpRequest.newBuilder(uri("/v1/completions"))
            .header("Content-Type", "application/json")
            .POST(HttpRequest.BodyPublishers.ofString(body))
            .build();
    try (HttpClient client = HttpClient.newHttpClient()) {
      for (int i = 0; i < ANSWERS_UNTIL_DRAFTS; i++) {
        int status = client.send(request, HttpResponse.BodyHandlers.discarding()).statusCode();
        assertThat(status).isEqualTo(200);
        if (metrics(Service.TARGET).contains("slipstream_spec_decode_num_draft_tokens_total{")) {
          return;
        }
      }
    }
    throw new AssertionError("no draft was verified in " + ANSWERS_UNTIL_DRAFTS + " answers");
  }

  private void awaitModel() {
    ManagedChannel channel = suite.gateway();
    try {
      var stub = GenerationServiceGrpc.newBlockingStub(channel);
      Awaitility.await()
          .atMost(Duration.ofMinutes(5))
          .ignoreExceptionsMatching(
              e ->
                  e instanceof StatusRuntimeException s
                      && s.getStatus().getCode() == Status.Code.UNAVAILABLE)
          .until(
              () -> stub.listModels(ListModelsRequest.getDefaultInstance()).getModelsCount() > 0);
    } finally {
      channel.shutdownNow();
    }
  }

  URI uri(String path) {
    return suite.httpAddress().orElseThrow().resolve(path);
  }

  /** {@code host:port} */
  String grpcAddress() {
    return suite.grpcAddress().orElseThrow();
  }

  /** Waits until no request is left anywhere and every KV block that one used is free. */
  void awaitIdle() {
    Awaitility.await("all requests to be over and their KV blocks free")
        .atMost(Duration.ofSeconds(60))
        .untilAsserted(
            () -> assertThat(work()).allSatisfy((gauge, value) -> assertThat(value).isZero()));
  }

  private Map<String, Double> work() {
    Map<String, Double> work = new TreeMap<>();
    for (String name : List.of("num.requests.running", "num.requests.waiting", "draft.streams")) {
      work.put("gateway " + name, gauge(Service.GATEWAY, name));
    }
    for (String name :
        List.of("num.requests.running", "num.requests.waiting", "kv.cache.blocks.used")) {
      work.put("target " + name, gauge(Service.TARGET, name));
    }
    return work;
  }

  /** What Prometheus would read from a service. */
  String metrics(Service service) {
    return suite.context(service).getBean(PrometheusMeterRegistry.class).scrape();
  }

  /** What Prometheus reads from the suite's one port. */
  PrometheusRegistry figures() {
    return figures(Service.GATEWAY);
  }

  /** The figures of one service; the gateway's with those of the others. */
  PrometheusRegistry figures(Service service) {
    return suite.context(service).getBean(PrometheusRegistry.class);
  }

  private double gauge(Service service, String name) {
    MeterRegistry registry = suite.context(service).getBean(MeterRegistry.class);
    return registry.get("slipstream." + name).gauge().value();
  }

  @Override
  public void close() {
    suite.close();
  }
}
