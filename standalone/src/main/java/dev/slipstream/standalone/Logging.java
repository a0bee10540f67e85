package dev.slipstream.standalone;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.bridge.SLF4JBridgeHandler;

/**
 * One logging configuration for the whole JVM ({@code logback.xml}); four contexts that start at
 * once must not each set up their own.
 */
final class Logging {

  private static final String SPRING_LOGGING = "org.springframework.boot.logging.LoggingSystem";

  private Logging() {}

  /** Warnings and errors only. */
  static void quiet() {
    set(Level.WARN);
    // A stack trace at each attempt to resolve a name; the commands' own message gives the reason.
    ((Logger) LoggerFactory.getLogger("io.grpc.internal.ManagedChannelImpl")).setLevel(Level.ERROR);
    // Why a model cannot be served is what the commands end with: it need not be read twice.
    ((Logger) LoggerFactory.getLogger("dev.slipstream.target.ModelHost")).setLevel(Level.OFF);
  }

  /** What an operator wants to read. */
  static void informative() {
    set(Level.INFO);
  }

  private static void set(Level level) {
    System.setProperty(SPRING_LOGGING, "none");
    // Libraries that log through java.util.logging obey the same configuration.
    SLF4JBridgeHandler.removeHandlersForRootLogger();
    SLF4JBridgeHandler.install();
    ((Logger) LoggerFactory.getLogger("dev.slipstream")).setLevel(level);
  }
}
