package dev.slipstream.engine.attention;

/** Chooses the attention kernels once: the vector ones where they can run. */
final class AttentionProvider {
  private AttentionProvider() {}

  private static final class Holder {
    static final AttentionKernels KERNELS = choose();
  }

  static AttentionKernels kernels() {
    return Holder.KERNELS;
  }

  private static AttentionKernels choose() {
    boolean present = ModuleLayer.boot().findModule("jdk.incubator.vector").isPresent();
    return present && VectorAttentionKernels.isSupported()
        ? new VectorAttentionKernels()
        : new ScalarAttentionKernels();
  }
}
