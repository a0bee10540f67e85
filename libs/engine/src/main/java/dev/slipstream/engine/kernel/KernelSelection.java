package dev.slipstream.engine.kernel;

import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The kernels of this process, chosen once and named in one line of the log. */
public final class KernelSelection {
  private static final Logger LOG = LoggerFactory.getLogger(KernelSelection.class);
  private static final String MODULE = "jdk.incubator.vector";
  private static final int SCALAR_LANES = 8;
  private static final int MIN_LANES = 4;
  private static final Set<String> X86 = Set.of("amd64", "x86_64");
  private static final Kernels KERNELS = choose();
  private static final RowKernels ROW_KERNELS = chooseForRows();

  private KernelSelection() {}

  public static Kernels kernels() {
    return KERNELS;
  }

  public static RowKernels rowKernels() {
    return ROW_KERNELS;
  }

  private static Kernels choose() {
    Kernels kernels = hasVectors() ? VectorChoice.create() : new ScalarKernels(SCALAR_LANES);
    int cores = Runtime.getRuntime().availableProcessors();
    LOG.info("Kernels: {}, {} cores", kernels.description(), cores);
    return kernels;
  }

  private static RowKernels chooseForRows() {
    return KERNELS instanceof ScalarKernels ? new ScalarRowKernels() : VectorChoice.createForRows();
  }

  private static boolean hasVectors() {
    if (ModuleLayer.boot().findModule(MODULE).isEmpty()) {
      LOG.warn("Computing slowly: start Java with --add-modules {} to use vectors", MODULE);
      return false;
    }
    return VectorChoice.lanes() >= MIN_LANES;
  }

  /** Loaded only when the module is there. */
  private static final class VectorChoice {
    static int lanes() {
      return jdk.incubator.vector.FloatVector.SPECIES_PREFERRED.length();
    }

    static Kernels create() {
      boolean x86 = X86.contains(System.getProperty("os.arch"));
      return new VectorKernels(!x86 || hasAvx512());
    }

    static RowKernels createForRows() {
      return VectorRowKernels.isSupported() ? new VectorRowKernels() : new ScalarRowKernels();
    }

    /**
     * As far as its vectors are in use: on a machine that has AVX-512 but is held to shorter ones,
     * the tiles for few registers are chosen, which are right anywhere.
     */
    private static boolean hasAvx512() {
      return jdk.incubator.vector.FloatVector.SPECIES_PREFERRED.vectorBitSize() >= 512;
    }
  }
}
