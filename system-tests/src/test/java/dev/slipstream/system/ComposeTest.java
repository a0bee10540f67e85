package dev.slipstream.system;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.github.dockerjava.api.model.ExposedPort;
import java.net.URI;
import java.net.http.HttpClient;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import org.testcontainers.containers.ComposeContainer;
import org.testcontainers.containers.ContainerState;
import org.testcontainers.containers.GenericContainer;
import org.testcontainers.containers.Network;

/**
 * docker-compose.yml as it is, with the profile that keeps prefixes in Redis. Without this nobody
 * knows whether what the documentation tells everybody to try first fetches a model and answers.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class ComposeTest {
  /** The network with a way out is one that the test has a hub on. */
  private static final String OVERRIDE = "networks: { front: { external: true, name: %s } }";

  private final Network front = Stack.newNetwork();
  private final HttpClient client = Gateway.newClient();
  private GenericContainer<?> hub;
  private ComposeContainer compose;

  @BeforeAll
  void up(@TempDir Path folder) throws Exception {
    Leftovers.remove();
    hub = Hub.ofModel().container().withNetwork(front).withLabels(Leftovers.labels());
    hub.start();
    Path file = Path.of(System.getProperty("slipstream.repository"), "docker-compose.yml");
    Path override = folder.resolve("hub.yml");
    Files.writeString(override, OVERRIDE.formatted(((Network.NetworkImpl) front).getName()));
    compose =
        new ComposeContainer(Leftovers.owner(), file.toFile(), override.toFile())
            .withPull(false)
            .withEnv("COMPOSE_PROFILES", "redis")
            .withEnv("SLIPSTREAM_PORT", "0")
            .withEnv("SLIPSTREAM_GRPC_PORT", "0")
            .withEnv("SLIPSTREAM_MODEL", Hub.REFERENCE)
            .withEnv("HF_ENDPOINT", Hub.ENDPOINT)
            .withEnv("SLIPSTREAM_TARGET_THREADS", "1")
            .withEnv("SLIPSTREAM_KV_STORAGE", "redis")
            .withEnv("SLIPSTREAM_REDIS_IMAGE", System.getProperty("slipstream.redis"))
            .withEnv("SLIPSTREAM_REDIS_PULL_POLICY", "never")
            .withServices("gateway", "redis")
            .withStartupTimeout(Stack.PATIENCE);
    for (String service :
        List.of("gateway-1", "target-1", "target-2", "draft-1", "kv-1", "redis-1")) {
      compose.waitingFor(service, new Service.Healthy());
    }
    compose.start();
  }

  @AfterAll
  void down() {
    client.close();
    compose.stop();
    hub.stop();
    front.close();
  }

  @Test
  void answers() throws Exception {
    assertThat(gateway().answer("What is the capital of France?", 24).text()).contains("Paris");
  }

  @Test
  void bothTargetsWork() throws Exception {
    Gateway gateway = gateway();
    await()
        .atMost(Stack.PATIENCE)
        .until(() -> gateway.metric("slipstream_target_up", "target").size() == 2);
    List<Callable<String>> chats =
        IntStream.range(0, 6)
            .<Callable<String>>mapToObj(
                i -> () -> gateway.answer("Count from " + i + " on.", 32).text())
            .toList();
    try (ExecutorService clients = Executors.newCachedThreadPool()) {
      for (Future<String> answer : clients.invokeAll(chats)) {
        assertThat(answer.get()).isNotEmpty();
      }
    }
    assertThat(gateway.metric("slipstream_target_requests_total", "target").values())
        .hasSize(2)
        .allMatch(requests -> requests > 0);
  }

  @Test
  void prefixesAreKeptInRedis() throws Exception {
    gateway().answer(FailureTest.PROMPT, 60);
    await().atMost(Stack.PATIENCE).until(() -> RedisTest.keys(container("redis-1")) > 0);
  }

  private ContainerState container(String name) {
    return compose.getContainerByServiceName(name).orElseThrow();
  }

  /** At the port that compose's file publishes; Testcontainers' own way takes a helper image. */
  private Gateway gateway() {
    var ports = container("gateway-1").getContainerInfo().getNetworkSettings().getPorts();
    String port = ports.getBindings().get(ExposedPort.tcp(8080))[0].getHostPortSpec();
    return new Gateway(client, URI.create("http://127.0.0.1:" + port), Optional.empty());
  }
}
