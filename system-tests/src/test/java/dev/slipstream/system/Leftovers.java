package dev.slipstream.system;

import com.github.dockerjava.api.DockerClient;
import com.github.dockerjava.api.command.SyncDockerCmd;
import com.github.dockerjava.api.exception.ConflictException;
import com.github.dockerjava.api.exception.NotFoundException;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.Map;
import java.util.Objects;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.testcontainers.DockerClientFactory;

/**
 * What tests left on the engine because their JVM was killed. Testcontainers has a container that
 * sees to it, but its image is not to be had everywhere; and it does not see to Compose's volumes.
 * Whatever a test makes says which process it belongs to.
 */
final class Leftovers {
  /** Of what is made without Compose. */
  private static final String LABEL = "dev.slipstream.system-tests";

  /** Compose puts it on all that it makes. */
  static final String COMPOSE_LABEL = "com.docker.compose.project";

  /** With the machine: others may use the same engine, and know their own processes only. */
  private static final String PREFIX = "slipstream-test-%08x-".formatted(machine().hashCode());

  private static final Pattern OWNER = Pattern.compile(PREFIX + "(\\d+)-.*");

  private Leftovers() {}

  private static String machine() {
    try {
      return InetAddress.getLocalHost().getHostName();
    } catch (UnknownHostException e) {
      return "";
    }
  }

  /** How the name of a Compose project of a process begins. */
  static String owner(long process) {
    return PREFIX + process + "-";
  }

  static String owner() {
    return owner(ProcessHandle.current().pid());
  }

  /** For what a process makes without Compose. */
  static Map<String, String> labels(long process) {
    return Map.of(LABEL, owner(process));
  }

  static Map<String, String> labels() {
    return labels(ProcessHandle.current().pid());
  }

  /** Removes what belongs to a process that is gone. */
  static void remove() {
    DockerClient engine = DockerClientFactory.instance().client();
    engine.listContainersCmd().withShowAll(true).exec().stream()
        .filter(container -> isLeft(container.getLabels()))
        .map(container -> engine.removeContainerCmd(container.getId()))
        .forEach(remove -> attempt(remove.withForce(true).withRemoveVolumes(true)));
    engine.listNetworksCmd().exec().stream()
        .filter(network -> isLeft(network.getLabels()))
        .forEach(network -> attempt(engine.removeNetworkCmd(network.getId())));
    engine.listVolumesCmd().exec().getVolumes().stream()
        .filter(volume -> isLeft(volume.getLabels()))
        .forEach(volume -> attempt(engine.removeVolumeCmd(volume.getName())));
  }

  private static boolean isLeft(Map<String, String> labels) {
    return labels != null
        && Stream.of(LABEL, COMPOSE_LABEL)
            .map(labels::get)
            .filter(Objects::nonNull)
            .map(OWNER::matcher)
            .filter(Matcher::matches)
            .mapToLong(owner -> Long.parseLong(owner.group(1)))
            .anyMatch(process -> ProcessHandle.of(process).isEmpty());
  }

  private static void attempt(SyncDockerCmd<?> removal) {
    try {
      removal.exec();
    } catch (NotFoundException | ConflictException e) {
      // Another run does the same at the same time.
    }
  }
}
