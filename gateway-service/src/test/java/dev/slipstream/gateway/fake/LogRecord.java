package dev.slipstream.gateway.fake;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.AppenderBase;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.slf4j.LoggerFactory;

/** What is logged, by anything in this JVM, from INFO on. */
public final class LogRecord extends AppenderBase<ILoggingEvent> implements AutoCloseable {
  private final Logger root = (Logger) LoggerFactory.getLogger(org.slf4j.Logger.ROOT_LOGGER_NAME);
  private final List<ILoggingEvent> events = new CopyOnWriteArrayList<>();

  /** Records from now on. */
  public LogRecord() {
    setContext(root.getLoggerContext());
    start();
    root.addAppender(this);
  }

  @Override
  protected void append(ILoggingEvent event) {
    if (event.getLevel().isGreaterOrEqual(Level.INFO)) {
      events.add(event);
    }
  }

  public List<String> lines() {
    return events.stream().map(event -> event.getLevel() + " " + event).toList();
  }

  /** Warnings, errors, and whatever comes with a stack trace. */
  public List<String> alarms() {
    return events.stream()
        .filter(
            event ->
                event.getLevel().isGreaterOrEqual(Level.WARN) || event.getThrowableProxy() != null)
        .map(ILoggingEvent::toString)
        .toList();
  }

  @Override
  public void close() {
    root.detachAppender(this);
    stop();
  }
}
