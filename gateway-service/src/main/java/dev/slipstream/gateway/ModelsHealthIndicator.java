package dev.slipstream.gateway;

import dev.slipstream.gateway.upstream.Targets;
import org.springframework.boot.health.contributor.Health;
import org.springframework.boot.health.contributor.HealthIndicator;
import org.springframework.stereotype.Component;

/** Up while at least one target can be reached; part of readiness, not of liveness. */
@Component("models")
class ModelsHealthIndicator implements HealthIndicator {
  private final Targets targets;

  ModelsHealthIndicator(Targets targets) {
    this.targets = targets;
  }

  @Override
  public Health health() {
    var models = targets.models().keySet();
    return models.isEmpty()
        ? Health.outOfService().withDetail("reason", targets.problems()).build()
        : Health.up().withDetail("models", models).build();
  }
}
