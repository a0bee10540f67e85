package dev.slipstream.standalone.suite;

/**
 * The four services, in the order they are stopped in: whoever asks goes before whoever answers.
 */
public enum Service {
  GATEWAY("gateway-service", "dev.slipstream.gateway.GatewayApplication"),
  DRAFT("draft-service", "dev.slipstream.draft.DraftApplication"),
  TARGET("target-service", "dev.slipstream.target.TargetApplication"),
  KV("kv-service", "dev.slipstream.kv.KvApplication");

  private final String module;
  private final String application;

  Service(String module, String application) {
    this.module = module;
    this.application = application;
  }

  /** The module that holds it. */
  public String module() {
    return module;
  }

  /** Name of the class with its {@code main} method. */
  public String application() {
    return application;
  }
}
