package dev.slipstream.transport;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.grpc.ManagedChannel;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.health.v1.HealthCheckRequest;
import io.grpc.health.v1.HealthCheckResponse;
import io.grpc.health.v1.HealthCheckResponse.ServingStatus;
import io.grpc.health.v1.HealthGrpc;
import io.grpc.protobuf.services.HealthStatusManager;
import io.grpc.stub.StreamObserver;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.boot.WebApplicationType;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.grpc.client.GrpcChannelFactory;
import org.springframework.grpc.server.lifecycle.GrpcServerStartedEvent;

/**
 * A server and its clients as services have them, with certificates in files. Without this, whoever
 * reaches a service's port could read every tenant's texts, and a rotation would cut answers.
 */
@Tag("suite")
@Timeout(120)
@ExtendWith(OutputCaptureExtension.class)
class MutualTlsTest {
  private static final Duration PATIENCE = Duration.ofSeconds(30);
  private static final HealthCheckRequest CHECK = HealthCheckRequest.getDefaultInstance();

  private final TestAuthority authority = new TestAuthority("suite");
  private final List<ConfigurableApplicationContext> contexts = new ArrayList<>();
  @TempDir private Path folder;
  private Path mount;
  private volatile int port;
  private HealthStatusManager health;

  @Configuration(proxyBeanMethods = false)
  @EnableAutoConfiguration
  static class Service {
    @Bean
    HealthStatusManager status() {
      return new HealthStatusManager();
    }

    @Bean
    io.grpc.BindableService healthService(HealthStatusManager status) {
      return status.getHealthService();
    }
  }

  @Configuration(proxyBeanMethods = false)
  @EnableAutoConfiguration
  static class Client {}

  @BeforeEach
  void startServer() throws IOException {
    mount = Files.createDirectories(folder.resolve("mount"));
    for (String file : List.of("ca.crt", "tls.crt", "tls.key")) {
      Files.createSymbolicLink(mount.resolve(file), Path.of("..data", file));
    }
    rotate(authority.issue(mount.resolve("..1"), "localhost"));
    run(
        Service.class,
        mount,
        "--spring.grpc.server.port=0",
        "--spring.grpc.server.health.enabled=false",
        "--spring.grpc.server.ssl.bundle=internal",
        "--spring.grpc.server.ssl.client-auth=require");
    health = contexts.getFirst().getBean(HealthStatusManager.class);
    health.setStatus("", ServingStatus.SERVING);
  }

  @AfterEach
  void stop() {
    contexts.reversed().forEach(ConfigurableApplicationContext::close);
  }

  @Test
  void aClientOfTheSameAuthorityIsServed() {
    assertThat(HealthGrpc.newBlockingStub(client(issued("localhost"))).check(CHECK).getStatus())
        .isEqualTo(ServingStatus.SERVING);
  }

  @Test
  void aClientOfAnotherAuthorityIsRefused() throws IOException {
    Path certificate = new TestAuthority("stranger").issue(folder.resolve("client"), "localhost");
    // It trusts the server, so that only the server can refuse.
    Files.writeString(certificate.resolve("ca.crt"), authority.pem());
    assertRefused(client(certificate));
  }

  @Test
  void aClientWhoseCertificateHasExpiredIsRefused() {
    assertRefused(client(authority.issueExpired(folder.resolve("client"), "localhost")));
  }

  @Test
  void aClientWithoutCertificateIsRefused() {
    var context =
        run(
            Client.class,
            issued("localhost"),
            "--spring.grpc.server.enabled=false",
            "--spring.ssl.bundle.pem.trusting.truststore.certificate="
                + folder.resolve("client/ca.crt"),
            "--spring.grpc.client.channel.default.ssl.bundle=trusting");
    assertRefused(channel(context));
  }

  @Test
  void aClientThatSpeaksPlainTextIsRefused() {
    var context = run(Client.class, issued("localhost"), "--spring.grpc.server.enabled=false");
    assertRefused(channel(context));
  }

  @Test
  void aServerWithTheCertificateOfAnotherHostIsNotTalkedTo() throws IOException {
    rotateAndAwait(authority.issue(mount.resolve("..2"), "elsewhere"), "CN=elsewhere");
    assertRefused(client(issued("localhost")));
  }

  @Test
  void aServerWhoseCertificateHasExpiredIsNotTalkedTo(CapturedOutput output) throws IOException {
    rotateAndAwait(authority.issueExpired(mount.resolve("..2"), "localhost"), "until");
    await().atMost(PATIENCE).untilAsserted(() -> assertThat(output.toString()).contains("until"));
    await().atMost(PATIENCE).untilAsserted(() -> assertRefused(client(issued("localhost"))));
  }

  /** The way of Kubernetes: the folder's link is swapped, under a stream. */
  @Test
  void rotationToAnotherAuthorityKeepsStreamsAndDecidesAboutNewConnections(CapturedOutput output)
      throws Exception {
    ManagedChannel before = client(issued("localhost"));
    BlockingQueue<ServingStatus> seen = watch(before);
    assertThat(seen.poll(30, TimeUnit.SECONDS)).isEqualTo(ServingStatus.SERVING);

    TestAuthority successor = new TestAuthority("successor");
    int mark = output.length();
    rotate(successor.issue(mount.resolve("..2"), "localhost"));
    await()
        .atMost(PATIENCE)
        .until(() -> output.toString().substring(mark).contains("SSL bundle 'internal' in use"));

    health.setStatus("", ServingStatus.NOT_SERVING);
    assertThat(seen.poll(30, TimeUnit.SECONDS)).isEqualTo(ServingStatus.NOT_SERVING);
    health.setStatus("", ServingStatus.SERVING);
    assertThat(seen.poll(30, TimeUnit.SECONDS)).isEqualTo(ServingStatus.SERVING);
    assertRefused(client(issued("localhost")));
    ManagedChannel after = client(successor.issue(folder.resolve("client-2"), "localhost"));
    assertThat(HealthGrpc.newBlockingStub(after).check(CHECK).getStatus())
        .isEqualTo(ServingStatus.SERVING);
  }

  /** Else a mistake in a secret would take the service down. */
  @Test
  void filesThatCannotBeUsedReplaceNothing(CapturedOutput output) throws IOException {
    Path broken = Files.createDirectories(mount.resolve("..2"));
    for (String file : List.of("ca.crt", "tls.crt", "tls.key")) {
      Files.writeString(broken.resolve(file), "not a certificate");
    }
    rotate(broken);
    await().atMost(PATIENCE).until(() -> output.toString().contains("ERROR"));
    assertThat(HealthGrpc.newBlockingStub(client(issued("localhost"))).check(CHECK).getStatus())
        .isEqualTo(ServingStatus.SERVING);

    rotateAndAwait(authority.issue(mount.resolve("..3"), "elsewhere"), "CN=elsewhere");
  }

  private CapturedOutput output;

  @BeforeEach
  void keep(CapturedOutput captured) {
    output = captured;
  }

  private void rotateAndAwait(Path certificates, String logged) throws IOException {
    int mark = output.length();
    rotate(certificates);
    await().atMost(PATIENCE).until(() -> output.toString().substring(mark).contains(logged));
  }

  /** As Kubernetes lays out a secret: files are links through a link that is swapped. */
  private void rotate(Path certificates) throws IOException {
    Path link = mount.resolve("..next");
    Files.createSymbolicLink(link, mount.relativize(certificates));
    Files.move(link, mount.resolve("..data"), StandardCopyOption.ATOMIC_MOVE);
  }

  private Path issued(String host) {
    return authority.issue(folder.resolve("client"), host);
  }

  private ManagedChannel client(Path certificates) {
    var context =
        run(
            Client.class,
            certificates,
            "--spring.grpc.server.enabled=false",
            "--spring.grpc.client.channel.default.ssl.bundle=internal");
    return channel(context);
  }

  private ManagedChannel channel(ConfigurableApplicationContext context) {
    return context.getBean(GrpcChannelFactory.class).createChannel("static://localhost:" + port);
  }

  private ConfigurableApplicationContext run(Class<?> source, Path files, String... arguments) {
    List<String> all = new ArrayList<>(List.of(arguments));
    String bundle = "--spring.ssl.bundle.pem.internal.";
    all.add(bundle + "keystore.certificate=" + files.resolve("tls.crt"));
    all.add(bundle + "keystore.private-key=" + files.resolve("tls.key"));
    all.add(bundle + "truststore.certificate=" + files.resolve("ca.crt"));
    all.add(bundle + "reload-on-update=true");
    all.add("--spring.ssl.bundle.watch.file.quiet-period=100ms");
    all.add("--spring.main.banner-mode=off");
    var context =
        new SpringApplicationBuilder(source)
            .web(WebApplicationType.NONE)
            .listeners((GrpcServerStartedEvent started) -> port = started.getPort())
            .run(all.toArray(String[]::new));
    contexts.add(context);
    return context;
  }

  private static BlockingQueue<ServingStatus> watch(ManagedChannel channel) {
    BlockingQueue<ServingStatus> seen = new LinkedBlockingQueue<>();
    HealthGrpc.newStub(channel)
        .watch(
            CHECK,
            new StreamObserver<>() {
              @Override
              public void onNext(HealthCheckResponse response) {
                seen.add(response.getStatus());
              }

              @Override
              public void onError(Throwable cause) {}

              @Override
              public void onCompleted() {}
            });
    return seen;
  }

  private static void assertRefused(ManagedChannel channel) {
    assertThatThrownBy(() -> HealthGrpc.newBlockingStub(channel).check(CHECK))
        .isInstanceOfSatisfying(
            StatusRuntimeException.class,
            e -> assertThat(e.getStatus().getCode()).isEqualTo(Status.Code.UNAVAILABLE));
  }
}
