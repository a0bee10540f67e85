package dev.slipstream.technique;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/**
 * Marks the package of a technique, in its {@code package-info}. Whoever carries it is held to what
 * CONTRIBUTING asks of a technique: rules of dependency, a page, a benchmark, figures.
 */
@Target(ElementType.PACKAGE)
@Retention(RetentionPolicy.RUNTIME)
public @interface Technique {
  /**
   * The name by which requests, configuration, figures and {@code docs/techniques/NAME.md} know it:
   * lower-case words with hyphens between them. The package has the same name without hyphens.
   */
  String name();

  /** What it may change about an answer, at most. */
  Lossless lossless();

  /**
   * The record of its settings, in the same package: the only place of their defaults, which it
   * takes for components that are null.
   */
  Class<? extends Record> configuration();
}
