package dev.slipstream.standalone.chart;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.web.server.context.WebServerApplicationContext;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.core.env.StandardEnvironment;
import org.springframework.core.env.SystemEnvironmentPropertySource;
import tools.jackson.databind.JsonNode;

/** The services themselves, started with the very environment that the chart gives them. */
@Tag("suite")
@ExtendWith(Chart.Extension.class)
class ChartServicesTest {
  /** Every key there is, with a value that a service would take. */
  private static final String EVERYTHING =
      """
      tracing: {enabled: true, endpoint: 'http://127.0.0.1:9/v1/traces', samplingProbability: 0}
      gateway:
        config: {limits: {answers: 64, answerTime: 10m, requestBytes: 64MB, connections: 512}, allowedHosts: [a.example, b.example], bodyPause: 5s, failover: {heartbeat: 1s, silence: 3s, patience: 60s, quarantine: 2m}, maxBodySize: 16MB, keepAlive: 5s, workers: 4, maxQueuedPrompts: 64, requestTimeout: 30s, apiKeysInterval: 10s, allowedOrigins: ['https://a.example']}
      target:
        config:
          threads: 1
          contextLength: 4096
          maxBatchRows: 512
          prefillChunk: 32
          maxRunning: 8
          maxQueued: 10
          maxResumed: 5
          maxDraftTokens: 4
          drafters: [prompt-lookup]
          promptLookup: {minNgram: 1, maxNgram: 4, candidates: 8, maxDepth: 8}
          costBudget: 1s
          kvCache: {size: 1MB, memoryFraction: 0.01}
          kv: {patience: 80ms, fetchRate: 1GB, pause: 10s, storeQueue: 128MB, fetchMemory: 64MB, refusal: 1m, maxBlockSize: 32MB}
      draft:
        config:
          defaultDrafter: prompt-lookup
          threads: 1
          maxStreams: 64
          maxContext: 65536
          maxIndexedTokens: 8000000
          maxNodes: 64
          resting: {nodes: 2, interval: 16}
          promptLookup: {minNgram: 1, maxNgram: 4, candidates: 8, maxDepth: 8}
      kv:
        config: {maxBlockSize: 32MB, maxKeys: 1024, maxFetchSize: 1GB, maxInFlight: 128MB, memory: {capacity: 1MB}, redis: {keyPrefix: 'a:', timeToLive: 1h, commandTimeout: 250ms}}
      """;

  @TempDir private Path home;

  /** Or a pod would never start, never get ready, or be restarted for ever. */
  @ParameterizedTest
  @CsvSource({"gateway,200", "draft,200", "target,503", "kv,200"})
  void startAndAnswerTheirProbesThoughNoOtherServiceAndNoModelIsThere(
      String role, int readiness, Chart chart) throws Exception {
    answersItsProbes(role, readiness, EVERYTHING, chart);
  }

  @Test
  void theGatewayStartsWithoutDrafts(Chart chart) throws Exception {
    answersItsProbes("gateway", 200, "draft: {enabled: false}", chart);
  }

  /** Or a lost Redis would take kv's pods with it. */
  @Test
  void kvStartsAndIsReadyThoughNoRedisIsThere(Chart chart) throws Exception {
    answersItsProbes(
        "kv", 200, "kv: {redis: {enabled: true, uris: ['redis://127.0.0.1:1']}}", chart);
  }

  private void answersItsProbes(String role, int readiness, String values, Chart chart)
      throws Exception {
    JsonNode container = chart.render(values).container(role);
    try (ConfigurableApplicationContext context = start(role, container)) {
      int port = ((WebServerApplicationContext) context).getWebServer().getPort();
      assertThat(status(port, probe(container, "startupProbe"))).isEqualTo(200);
      assertThat(status(port, probe(container, "livenessProbe"))).isEqualTo(200);
      assertThat(status(port, probe(container, "readinessProbe"))).isEqualTo(readiness);
      assertThat(status(port, "/actuator/prometheus")).isEqualTo(200);
    }
  }

  private ConfigurableApplicationContext start(String role, JsonNode container) {
    Map<String, Object> variables = new LinkedHashMap<>(Manifest.environment(container));
    variables.put("SLIPSTREAM_HOME", home.toString());
    List<String> arguments =
        new ArrayList<>(
            List.of(
                "--server.port=0",
                "--server.address=127.0.0.1",
                "--spring.grpc.server.port=0",
                "--spring.grpc.server.shutdown.grace-period=1s"));
    if (role.equals("target")) {
      arguments.add("--slipstream.target.model=file:" + home.resolve("missing.gguf"));
      arguments.add("--slipstream.target.drain-limit=0s");
    }
    StandardEnvironment environment = new StandardEnvironment();
    environment
        .getPropertySources()
        .replace(
            StandardEnvironment.SYSTEM_ENVIRONMENT_PROPERTY_SOURCE_NAME,
            new SystemEnvironmentPropertySource(
                StandardEnvironment.SYSTEM_ENVIRONMENT_PROPERTY_SOURCE_NAME, variables));
    SpringApplication application = new SpringApplication(ServiceKeys.of(role).application());
    application.setEnvironment(environment);
    application.setRegisterShutdownHook(false);
    return application.run(arguments.toArray(String[]::new));
  }

  private static String probe(JsonNode container, String name) {
    return container.path(name).at("/httpGet/path").asString();
  }

  private static int status(int port, String path) throws IOException, InterruptedException {
    try (HttpClient client = HttpClient.newHttpClient()) {
      var request = HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + path)).build();
      return client.send(request, HttpResponse.BodyHandlers.discarding()).statusCode();
    }
  }
}
