package dev.slipstream.target;

import org.springframework.context.ApplicationEvent;
import org.springframework.context.ConfigurableApplicationContext;

/** The model cannot be loaded, or not be decoded any more; the service will never be ready. */
public final class ModelFailedEvent extends ApplicationEvent {
  private static final long serialVersionUID = 1L;

  private final transient ConfigurableApplicationContext context;
  private final String reason;

  ModelFailedEvent(Object source, ConfigurableApplicationContext context, String reason) {
    super(source);
    this.context = context;
    this.reason = reason;
  }

  /** The context of the service. */
  public ConfigurableApplicationContext context() {
    return context;
  }

  /** What is wrong and what to do, for people. */
  public String reason() {
    return reason;
  }
}
