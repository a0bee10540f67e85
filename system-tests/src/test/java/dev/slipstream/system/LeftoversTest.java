package dev.slipstream.system;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.github.dockerjava.api.DockerClient;
import com.github.dockerjava.api.exception.NotFoundException;
import com.github.dockerjava.api.model.Bind;
import com.github.dockerjava.api.model.Volume;
import java.util.Map;
import java.util.UUID;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.testcontainers.DockerClientFactory;

/** What developers would lose: memory and addresses, to containers of runs that were killed. */
class LeftoversTest {
  private final DockerClient engine = DockerClientFactory.instance().client();

  /** What a process makes on the engine. */
  private record Made(DockerClient engine, String container, String network, String volume) {
    static Made with(DockerClient engine, Map<String, String> labels) {
      String name = "slipstream-" + UUID.randomUUID();
      engine.createVolumeCmd().withName(name).withLabels(labels).exec();
      String network = engine.createNetworkCmd().withName(name).withLabels(labels).exec().getId();
      var create = engine.createContainerCmd(Service.image("kv")).withLabels(labels);
      create
          .getHostConfig()
          .withNetworkMode(network)
          .withBinds(new Bind(name, new Volume("/models")));
      String container = create.exec().getId();
      engine.startContainerCmd(container).exec();
      return new Made(engine, container, network, name);
    }

    void assertThere() {
      engine.inspectContainerCmd(container).exec();
      engine.inspectNetworkCmd().withNetworkId(network).exec();
      engine.inspectVolumeCmd(volume).exec();
    }

    void assertGone() {
      Stream.of(
              engine.inspectContainerCmd(container),
              engine.inspectNetworkCmd().withNetworkId(network),
              engine.inspectVolumeCmd(volume))
          .forEach(
              inspect -> assertThatThrownBy(inspect::exec).isInstanceOf(NotFoundException.class));
    }

    void remove() {
      engine.removeContainerCmd(container).withForce(true).exec();
      engine.removeNetworkCmd(network).exec();
      engine.removeVolumeCmd(volume).exec();
    }
  }

  static Stream<Map<String, String>> labelsOfAKilledRun() throws Exception {
    Process killed = new ProcessBuilder("sleep", "60").start();
    killed.destroyForcibly().waitFor();
    return Stream.of(
        Leftovers.labels(killed.pid()),
        Map.of(Leftovers.COMPOSE_LABEL, Leftovers.owner(killed.pid()) + "abcdef"));
  }

  @ParameterizedTest
  @MethodSource("labelsOfAKilledRun")
  void whatAKilledRunLeftIsRemovedAndNothingElse(Map<String, String> labels) {
    Made left = Made.with(engine, labels);
    Made own = Made.with(engine, Leftovers.labels());
    Made others = Made.with(engine, Map.of(Leftovers.COMPOSE_LABEL, "slipstream"));
    try {
      Leftovers.remove();
      left.assertGone();
      own.assertThere();
      others.assertThere();
      assertThat(engine.inspectContainerCmd(own.container()).exec().getState().getRunning())
          .isTrue();
    } finally {
      own.remove();
      others.remove();
    }
  }
}
