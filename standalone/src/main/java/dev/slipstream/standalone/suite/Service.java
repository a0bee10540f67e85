package dev.slipstream.standalone.suite;

import dev.slipstream.draft.DraftApplication;
import dev.slipstream.draft.DraftSettings;
import dev.slipstream.gateway.GatewayApplication;
import dev.slipstream.gateway.GatewaySettings;
import dev.slipstream.kv.KvApplication;
import dev.slipstream.kv.KvSettings;
import dev.slipstream.target.TargetApplication;
import dev.slipstream.target.TargetSettings;

/**
 * The four services, in the order they are stopped in: whoever asks goes before whoever answers.
 */
public enum Service {
  GATEWAY("gateway-service", GatewayApplication.class, GatewaySettings.class),
  DRAFT("draft-service", DraftApplication.class, DraftSettings.class),
  TARGET("target-service", TargetApplication.class, TargetSettings.class),
  KV("kv-service", KvApplication.class, KvSettings.class);

  private final String module;
  private final Class<?> application;
  private final Class<?> settings;

  Service(String module, Class<?> application, Class<?> settings) {
    this.module = module;
    this.application = application;
    this.settings = settings;
  }

  /** The module that holds it. */
  public String module() {
    return module;
  }

  /** The class with its {@code main} method. */
  public Class<?> application() {
    return application;
  }

  /** The class of what can be wrong with its configuration. */
  Class<?> settings() {
    return settings;
  }
}
