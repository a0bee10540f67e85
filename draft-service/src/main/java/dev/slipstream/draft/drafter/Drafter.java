package dev.slipstream.draft.drafter;

/** A way to guess how a text goes on. Safe for use by several threads. */
public interface Drafter {
  /** The name by which requests and configuration choose it. */
  String name();

  /** One sentence for people. */
  String description();

  /** Starts to follow a text that is empty as yet. */
  DraftSession open();
}
