package dev.slipstream.standalone.suite;

import dev.slipstream.models.catalog.CacheDirectory;
import dev.slipstream.models.catalog.ResolvedModel;
import java.net.URI;
import java.net.URISyntaxException;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * What to start.
 *
 * @param configuration what the user has set
 * @param model to serve
 * @param threads for the model; empty leaves the choice to the target
 * @param network where the gateway listens; empty starts no network server at all
 * @param cache for what the services write
 * @param properties further properties, by service, that win over all others
 */
public record SuiteSettings(
    SuiteConfiguration configuration,
    ResolvedModel model,
    OptionalInt threads,
    Optional<Network> network,
    CacheDirectory cache,
    Map<Service, Map<String, String>> properties) {

  /**
   * Where the gateway listens.
   *
   * @param host name or address to bind; one of IPv6 may be in brackets
   * @param httpPort 0 to take a free one
   * @param grpcPort 0 to take a free one
   */
  public record Network(String host, int httpPort, int grpcPort) {
    public Network {
      host =
          host.startsWith("[") && host.endsWith("]") ? host.substring(1, host.length() - 1) : host;
    }

    /**
     * Where the gateway can be reached from this machine: "all addresses" is none to connect to.
     */
    String reachableHost() {
      return switch (host) {
        case "0.0.0.0" -> "127.0.0.1";
        case "::", "0:0:0:0:0:0:0:0" -> "::1";
        default -> host;
      };
    }

    URI http(String scheme, int port) {
      try {
        return new URI(scheme, null, reachableHost(), port, null, null, null);
      } catch (URISyntaxException e) {
        throw new IllegalArgumentException("'" + host + "' is no name of a host.", e);
      }
    }

    String grpc(int port) {
      return http("http", port).getAuthority();
    }
  }

  public SuiteSettings {
    properties = Map.copyOf(properties);
  }

  /** The name that clients see. */
  public String modelId() {
    return configuration.value(Service.TARGET, "slipstream.target.model-id").orElse(model.id());
  }
}
