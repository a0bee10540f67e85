package dev.slipstream.engine.tensor;

import dev.slipstream.engine.gguf.GgmlType;
import dev.slipstream.engine.kernel.KernelSelection;
import dev.slipstream.engine.runtime.ComputePool;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;

/**
 * Times the matrix products of one forward pass of SmolLM2-135M: random weights, no attention. The
 * times are processor time of the calling thread, which other load disturbs least. Arguments:
 * threads, seconds, weight formats (Q4_1,Q8_0), batch sizes (1,2,4,8,512).
 *
 * <pre>
 * java --add-modules jdk.incubator.vector -Xmx4g -cp ... KernelBench 2 10 Q4_1,Q8_0 1,2,4,8,512
 * </pre>
 */
final class KernelBench {
  private static final int LAYERS = 30;
  private static final int VOCABULARY = 49152;
  private static final ThreadMXBean THREADS = ManagementFactory.getThreadMXBean();

  private KernelBench() {}

  public static void main(String[] args) {
    int threads = Integer.parseInt(args[0]);
    double seconds = Double.parseDouble(args[1]);
    int[] batches = Arrays.stream(args[3].split(",")).mapToInt(Integer::parseInt).toArray();
    System.out.println(KernelSelection.kernels().description());
    try (ComputePool pool = new ComputePool(threads)) {
      for (String format : args[2].split(",")) {
        Pass pass = new Pass(GgmlType.valueOf(format), pool);
        for (int batch : batches) {
          pass.measure(format, batch, seconds);
        }
      }
    }
  }

  private static final class Pass {
    private final ComputePool pool;
    private final List<WeightMatrix> layers = new ArrayList<>();
    private final WeightMatrix head;
    private final float[] x = new float[512 * 1536];
    private final float[] y = new float[Math.max(512 * 3072, 8 * VOCABULARY)];
    private final Activations[] packed;

    Pass(GgmlType type, ComputePool pool) {
      this.pool = pool;
      this.packed = new Activations[pool.threads()];
      Arrays.setAll(packed, i -> new Activations(512, 1536));
      Random random = new Random(1);
      int[][] shapes = {{960, 576}, {576, 576}, {3072, 576}, {576, 1536}};
      RandomTensor[] tensors = new RandomTensor[shapes.length];
      for (int i = 0; i < shapes.length; i++) {
        int block = type.blockElements();
        int columns = Math.ceilDiv(shapes[i][1], block) * block;
        tensors[i] = RandomTensor.of(type, shapes[i][0], columns, random);
      }
      for (int i = 0; i < LAYERS; i++) {
        for (RandomTensor tensor : tensors) {
          layers.add(WeightMatrix.of(tensor.tensor(), pool));
        }
      }
      GgmlType headType = type.blockElements() == 1 ? type : GgmlType.Q8_0;
      head = WeightMatrix.of(RandomTensor.of(headType, VOCABULARY, 576, random).tensor(), pool);
      for (int i = 0; i < x.length; i++) {
        x[i] = (float) random.nextGaussian();
      }
    }

    void measure(String format, int batch, double seconds) {
      double first = run(batch);
      List<Double> times = new ArrayList<>();
      long end = System.nanoTime() + (long) (seconds * 1e9);
      while (System.nanoTime() < end || times.size() < 3) {
        times.add(run(batch));
      }
      times.sort(null);
      System.out.printf(
          "%-5s rows %3d: min %8.2f q25 %8.2f median %8.2f ms, %.0f rows/s, first %.0f ms%n",
          format,
          batch,
          times.getFirst(),
          times.get(times.size() / 4),
          times.get(times.size() / 2),
          1000 * batch / times.getFirst(),
          first);
    }

    private double run(int batch) {
      long start = THREADS.getCurrentThreadCpuTime();
      pool.run(
          w -> {
            for (WeightMatrix matrix : layers) {
              multiply(matrix, batch, w);
            }
            multiply(head, Math.min(batch, 8), w);
          });
      return (THREADS.getCurrentThreadCpuTime() - start) * 1e-6;
    }

    private void multiply(WeightMatrix matrix, int batch, ComputePool.Worker w) {
      Activations mine = packed[w.index()];
      mine.pack(x, 0, matrix.columns(), batch, matrix.columns());
      int from = w.first(matrix.groups());
      matrix.multiply(mine, from, w.end(matrix.groups()), y, 0, matrix.rows(), w);
      w.barrier();
    }
  }
}
