package dev.slipstream.standalone.flow;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.slipstream.gateway.access.KeyHash;
import dev.slipstream.proto.v1.GenerateRequest;
import dev.slipstream.proto.v1.GenerationServiceGrpc;
import dev.slipstream.proto.v1.ListModelsRequest;
import dev.slipstream.standalone.flow.Flow.Answer;
import dev.slipstream.standalone.suite.ProcessSuite;
import dev.slipstream.standalone.suite.Service;
import dev.slipstream.transport.TestAuthority;
import io.grpc.Channel;
import io.grpc.ClientInterceptors;
import io.grpc.Grpc;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.TlsChannelCredentials;
import io.grpc.stub.MetadataUtils;
import java.io.ByteArrayInputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManagerFactory;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/** Four processes as a careful deployment has them: API keys, TLS in front, mutual TLS behind. */
@Tag("suite")
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class SecuredSuiteTest {
  private static final int TOKENS = 64;
  private static final String PROMPT =
      "The history of the railway in the valley begins with a small engine that pulled three"
          + " wagons of slate from the quarry to the harbour, every morning before sunrise, and"
          + " came back in the evening with coal, flour and letters for the people of the village";

  private final TestAuthority authority = new TestAuthority("suite");
  private Path certificates;
  private Path logs;
  private ProcessSuite suite;
  private ManagedChannel channel;

  @BeforeAll
  void start(@TempDir Path home) throws Exception {
    certificates = authority.issue(home.resolve("tls"), "localhost");
    Map<Service, Map<String, String>> properties = new EnumMap<>(Service.class);
    for (Service service : Service.values()) {
      Map<String, String> tls = new LinkedHashMap<>();
      String bundle = "spring.ssl.bundle.pem.suite.";
      tls.put(bundle + "keystore.certificate", certificates.resolve("tls.crt").toString());
      tls.put(bundle + "keystore.private-key", certificates.resolve("tls.key").toString());
      tls.put(bundle + "truststore.certificate", certificates.resolve("ca.crt").toString());
      tls.put(bundle + "reload-on-update", "true");
      tls.put("spring.ssl.bundle.watch.file.quiet-period", "200ms");
      tls.put("logging.level.dev.slipstream.transport", "info");
      tls.put("spring.grpc.server.ssl.bundle", "suite");
      tls.put("spring.grpc.client.channel.default.ssl.bundle", "suite");
      if (service == Service.GATEWAY) {
        tls.put("server.ssl.bundle", "suite");
        tls.put(
            "slipstream.gateway.api-keys",
            "a %s,b %s".formatted(KeyHash.of("key-a"), KeyHash.of("key-b")));
      } else {
        tls.put("spring.grpc.server.ssl.client-auth", "require");
      }
      properties.put(service, tls);
    }
    var settings = Flow.settings(home, properties);
    logs = settings.cache().logs();
    suite = ProcessSuite.start(settings, message -> {});
    var trusting =
        TlsChannelCredentials.newBuilder()
            .trustManager(certificates.resolve("ca.crt").toFile())
            .build();
    channel = Grpc.newChannelBuilder(suite.grpcAddress().orElseThrow(), trusting).build();
    awaitModel();
  }

  private void awaitModel() {
    var stub = GenerationServiceGrpc.newBlockingStub(as("key-a"));
    await()
        .atMost(Flow.PATIENCE)
        .ignoreExceptions()
        .until(
            () -> {
              channel.resetConnectBackoff();
              return stub.listModels(ListModelsRequest.getDefaultInstance()).getModelsCount() > 0;
            });
  }

  @AfterAll
  void stop() {
    if (suite != null) {
      channel.shutdownNow();
      suite.close();
    }
  }

  private Channel as(String key) {
    Metadata headers = new Metadata();
    headers.put(
        Metadata.Key.of("authorization", Metadata.ASCII_STRING_MARSHALLER), "Bearer " + key);
    return ClientInterceptors.intercept(
        channel, MetadataUtils.newAttachHeadersInterceptor(headers));
  }

  private static GenerateRequest request(String prompt) {
    return Flow.text(prompt, TOKENS).setIgnoreEos(true).build();
  }

  /** In the target's own pool, and in kv-service after the target has lost its pool. */
  @Test
  void onlyTheTenantWhoseTextItWasHasItsPrefixCached() throws Exception {
    Answer first = Flow.ask(as("key-a"), request(PROMPT));
    assertThat(first.usage().getCachedTokens()).isZero();
    Answer stranger = Flow.ask(as("key-b"), request(PROMPT));
    assertThat(stranger.usage().getCachedTokens()).isZero();
    Answer again = Flow.ask(as("key-a"), request(PROMPT));
    assertThat(again.usage().getCachedTokens()).isGreaterThanOrEqualTo(32);
    assertThat(List.of(stranger.ids(), again.ids())).containsOnly(first.ids());

    String onlyOfA = "It is said that " + PROMPT;
    Answer told = Flow.ask(as("key-a"), request(onlyOfA));
    loseTargetUntilKvHas(onlyOfA);
    Answer strangerLater = Flow.ask(as("key-b"), request(onlyOfA));
    assertThat(strangerLater.usage().getCachedTokens()).isZero();
    assertThat(strangerLater.usage().getRemoteCachedTokens()).isZero();
    assertThat(strangerLater.ids()).isEqualTo(told.ids());
  }

  /** Kills the target until its successor finds the text's prefix at kv-service, for tenant a. */
  private void loseTargetUntilKvHas(String prompt) {
    await()
        .atMost(Flow.PATIENCE)
        .until(
            () -> {
              long pid = suite.pid(Service.TARGET);
              ProcessHandle.of(pid).orElseThrow().destroyForcibly();
              await().atMost(Flow.PATIENCE).until(() -> suite.pid(Service.TARGET) != pid);
              await()
                  .atMost(Flow.PATIENCE)
                  .ignoreExceptions()
                  .until(() -> !Flow.ask(as("key-a"), request("Hello")).ids().isEmpty());
              Answer answer = Flow.ask(as("key-a"), request(prompt));
              return answer.usage().getRemoteCachedTokens() >= 32;
            });
  }

  @Test
  void httpIsEncryptedAndAsksForAKey() throws Exception {
    HttpRequest.Builder models =
        HttpRequest.newBuilder(
            URI.create("https://localhost:" + suite.httpAddress().orElseThrow().getPort())
                .resolve("/v1/models"));
    try (HttpClient client = HttpClient.newBuilder().sslContext(trusting()).build()) {
      assertThat(client.send(models.build(), HttpResponse.BodyHandlers.ofString()).statusCode())
          .isEqualTo(401);
      models.header("Authorization", "Bearer key-b");
      assertThat(client.send(models.build(), HttpResponse.BodyHandlers.ofString()).statusCode())
          .isEqualTo(200);
    }
  }

  private SSLContext trusting() throws Exception {
    KeyStore store = KeyStore.getInstance(KeyStore.getDefaultType());
    store.load(null, null);
    store.setCertificateEntry(
        "ca",
        CertificateFactory.getInstance("X.509")
            .generateCertificate(
                new ByteArrayInputStream(authority.pem().getBytes(StandardCharsets.US_ASCII))));
    TrustManagerFactory trust =
        TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
    trust.init(store);
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(null, trust.getTrustManagers(), null);
    return context;
  }

  @Test
  void newCertificatesOfAllServicesDisturbNoAnswer() throws Exception {
    GenerateRequest request = request("one two three four one two three four one two");
    Answer undisturbed = Flow.ask(as("key-b"), request);
    AtomicBoolean rotated = new AtomicBoolean();
    Answer disturbed =
        Flow.ask(
            as("key-b"),
            request,
            tokens -> {
              if (tokens >= 8 && rotated.compareAndSet(false, true)) {
                authority.issue(certificates, "localhost");
              }
            });
    assertThat(rotated).isTrue();
    assertThat(disturbed.ids()).isEqualTo(undisturbed.ids());
    awaitReloads();
    assertThat(Flow.ask(as("key-b"), request).ids()).isEqualTo(undisturbed.ids());
    assertThat(certificateOfHttp()).isEqualTo(certificateInFile());
  }

  private Certificate certificateOfHttp() throws Exception {
    int port = suite.httpAddress().orElseThrow().getPort();
    try (var socket = (SSLSocket) trusting().getSocketFactory().createSocket("127.0.0.1", port)) {
      socket.startHandshake();
      return socket.getSession().getPeerCertificates()[0];
    }
  }

  private Certificate certificateInFile() throws Exception {
    try (var file = Files.newInputStream(certificates.resolve("tls.crt"))) {
      return CertificateFactory.getInstance("X.509").generateCertificate(file);
    }
  }

  private void awaitReloads() {
    for (Service service : Service.values()) {
      String prefix = service.name().toLowerCase(java.util.Locale.ROOT) + "-";
      await()
          .atMost(Flow.PATIENCE)
          .until(
              () -> {
                try (var files = Files.list(logs)) {
                  Path log =
                      files
                          .filter(file -> file.getFileName().toString().startsWith(prefix))
                          .findFirst()
                          .orElseThrow();
                  return Files.readString(log).split("SSL bundle 'suite' in use").length > 2;
                }
              });
    }
  }
}
