package dev.slipstream.system;

import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.github.dockerjava.api.DockerClient;
import com.github.dockerjava.api.command.SyncDockerCmd;
import com.github.dockerjava.api.exception.NotFoundException;
import com.github.dockerjava.api.model.Bind;
import com.github.dockerjava.api.model.Volume;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.testcontainers.DockerClientFactory;

/** What developers would lose: memory and addresses, to containers of runs that were killed. */
class LeftoversTest {
  private final DockerClient engine = DockerClientFactory.instance().client();

  @Test
  void whatKilledRunsLeftIsRemovedAndNothingElse() throws Exception {
    Process killed = new ProcessBuilder("sleep", "60").start();
    killed.destroyForcibly().waitFor();
    String project = Leftovers.owner(killed.pid()) + "abcdef";
    String left = make(Leftovers.labels(killed.pid()));
    String leftOfCompose = make(Map.of(Leftovers.COMPOSE_LABEL, project));
    String own = make(Leftovers.labels());
    String others = make(Map.of(Leftovers.COMPOSE_LABEL, "slipstream"));
    try {
      Leftovers.remove();
      for (var inspect : inspections(left, leftOfCompose)) {
        assertThatThrownBy(inspect::exec).isInstanceOf(NotFoundException.class);
      }
      for (var inspect : inspections(own, others)) {
        assertThatCode(inspect::exec).doesNotThrowAnyException();
      }
    } finally {
      for (String name : List.of(own, others)) {
        engine.removeContainerCmd(name).withForce(true).exec();
        engine.removeNetworkCmd(name).exec();
        engine.removeVolumeCmd(name).exec();
      }
    }
  }

  /** A container that runs, its network and its volume, all of one name. */
  private String make(Map<String, String> labels) {
    String name = "slipstream-" + UUID.randomUUID();
    engine.createVolumeCmd().withName(name).withLabels(labels).exec();
    engine.createNetworkCmd().withName(name).withLabels(labels).exec();
    var create = engine.createContainerCmd(Service.image("kv")).withName(name).withLabels(labels);
    create.getHostConfig().withNetworkMode(name).withBinds(new Bind(name, new Volume("/models")));
    create.exec();
    engine.startContainerCmd(name).exec();
    return name;
  }

  private List<SyncDockerCmd<?>> inspections(String one, String other) {
    return List.of(
        engine.inspectContainerCmd(one),
        engine.inspectContainerCmd(other),
        engine.inspectNetworkCmd().withNetworkId(one),
        engine.inspectNetworkCmd().withNetworkId(other),
        engine.inspectVolumeCmd(one),
        engine.inspectVolumeCmd(other));
  }
}
