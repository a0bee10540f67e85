package dev.slipstream.startup;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.context.properties.bind.BindException;
import org.springframework.boot.context.properties.bind.validation.BindValidationException;
import org.springframework.boot.context.properties.bind.validation.ValidationErrors;
import org.springframework.boot.context.properties.source.ConfigurationPropertyName;
import org.springframework.boot.context.properties.source.InvalidConfigurationPropertyValueException;
import org.springframework.boot.ssl.NoSuchSslBundleException;
import org.springframework.core.env.ConfigurableEnvironment;
import org.springframework.util.unit.DataSize;
import org.springframework.validation.FieldError;
import org.springframework.validation.ObjectError;

/** Finds, in what an application failed with, what its user got wrong. */
final class ConfigurationFault {
  private final Settings settings;

  private ConfigurationFault(Settings settings) {
    this.settings = settings;
  }

  /**
   * @param environment null if the failure was before it could be read
   * @return one line; nothing if it is not the user's fault
   */
  static Optional<String> find(Throwable failure, @Nullable ConfigurableEnvironment environment) {
    if (environment == null) {
      return Optional.of("The configuration cannot be read: " + reason(root(failure)));
    }
    ConfigurationFault faults = new ConfigurationFault(new Settings(environment));
    List<Throwable> causes = causes(failure);
    return causes.stream()
        .flatMap(cause -> faults.describe(cause).stream())
        .findFirst()
        .or(() -> taken(causes));
  }

  private static List<Throwable> causes(Throwable failure) {
    List<Throwable> causes = new ArrayList<>();
    for (Throwable cause = failure;
        cause != null && !causes.contains(cause);
        cause = cause.getCause()) {
      causes.add(cause);
    }
    return causes;
  }

  /** An address that cannot be had: all servers say it so, and their causes say why. */
  private static Optional<String> taken(List<Throwable> causes) {
    return causes.stream()
        .filter(cause -> reason(cause).startsWith("Failed to bind"))
        .findFirst()
        .map(
            cause ->
                "%s: %s."
                    .formatted(
                        reason(cause),
                        reason(causes.getLast())
                            .replaceFirst("^bind.* failed with error.*?: ", "")));
  }

  private Optional<String> describe(Throwable cause) {
    return switch (cause) {
      case ConfigurationException known -> Optional.ofNullable(known.getMessage());
      case BindValidationException invalid -> Optional.of(invalid(invalid.getValidationErrors()));
      case BindException unbound when !(unbound.getCause() instanceof BindValidationException) ->
          Optional.of(unbound(unbound));
      case InvalidConfigurationPropertyValueException refused ->
          Optional.of(
              settings.refuse(
                  ConfigurationPropertyName.of(refused.getName()), stated(refused.getReason())));
      case NoSuchSslBundleException missing ->
          Optional.of(
              "There is no SSL bundle '%s' in spring.ssl.bundle."
                  .formatted(missing.getBundleName()));
      default -> Optional.empty();
    };
  }

  private String invalid(ValidationErrors errors) {
    return errors.getAllErrors().stream()
        .map(error -> invalid(errors.getName(), error))
        .distinct()
        .collect(Collectors.joining(" "));
  }

  private String invalid(ConfigurationPropertyName prefix, ObjectError error) {
    String reason = stated(error.getDefaultMessage());
    if (!(error instanceof FieldError field)) {
      return settings.refuse(prefix, reason);
    }
    ConfigurationPropertyName name = Settings.below(prefix, field.getField());
    return settings.isSet(name)
        ? settings.refuse(name, reason)
        : settings.refuseTogether(name.getParent(), reason);
  }

  /** Whoever refuses a value need not say why. */
  private static String stated(@Nullable String reason) {
    return reason == null ? "is not valid" : reason;
  }

  private String unbound(BindException e) {
    String reason = expected(e.getTarget().getType().resolve(Object.class), e);
    return settings.isSet(e.getName())
        ? settings.refuse(e.getName(), reason)
        : settings.refuseTogether(e.getName(), reason);
  }

  private static String expected(Class<?> type, Throwable failure) {
    if (type.isEnum()) {
      return "must be one of "
          + Arrays.stream(type.getEnumConstants())
              .map(value -> value.toString().toLowerCase(Locale.ROOT).replace('_', '-'))
              .collect(Collectors.joining(", "));
    }
    if (type == DataSize.class) {
      return "must be a size such as 512MB or 2GB";
    }
    if (type == Duration.class) {
      return "must be a duration such as 500ms, 20s or 1h";
    }
    if (type == boolean.class || type == Boolean.class) {
      return "must be true or false";
    }
    if (type == int.class || type == Integer.class) {
      return "must be a whole number of at most " + Integer.MAX_VALUE;
    }
    if (type == long.class || type == Long.class) {
      return "must be a whole number";
    }
    if (type == double.class || type == Double.class || type == float.class) {
      return "must be a number";
    }
    return reason(root(failure));
  }

  private static Throwable root(Throwable failure) {
    return causes(failure).getLast();
  }

  static String reason(Throwable failure) {
    String message = failure.getMessage() == null ? failure.toString() : failure.getMessage();
    return message.strip().replaceAll("\\s+", " ");
  }
}
