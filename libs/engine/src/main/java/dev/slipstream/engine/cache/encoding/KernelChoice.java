package dev.slipstream.engine.cache.encoding;

/** Chooses kernels once: the vector ones where they can run. */
final class KernelChoice {
  static final boolean VECTORS =
      ModuleLayer.boot().findModule("jdk.incubator.vector").isPresent() && TokenLanes.fit();

  private KernelChoice() {}
}
