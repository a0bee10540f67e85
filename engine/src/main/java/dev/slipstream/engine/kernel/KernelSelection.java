package dev.slipstream.engine.kernel;

/** The kernels of this process, chosen once. */
public final class KernelSelection {
  private static final int SCALAR_LANES = 8;
  private static final Kernels KERNELS = new ScalarKernels(SCALAR_LANES);

  private KernelSelection() {}

  public static Kernels kernels() {
    return KERNELS;
  }
}
