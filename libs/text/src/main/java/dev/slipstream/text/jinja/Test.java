package dev.slipstream.text.jinja;

/** What "is" asks. */
@FunctionalInterface
interface Test {
  boolean holds(Rendering rendering, Value subject, Arguments arguments);
}
