package dev.slipstream.engine.model;

import dev.slipstream.engine.architecture.ModelConfig;
import dev.slipstream.engine.architecture.ScaleConfig;
import dev.slipstream.engine.kernel.KernelSelection;
import dev.slipstream.engine.kernel.RowKernels;
import dev.slipstream.engine.model.PassBuffers.Workspace;
import dev.slipstream.engine.runtime.Batch;
import dev.slipstream.engine.runtime.ComputePool.Worker;
import dev.slipstream.engine.tensor.WeightMatrix;
import dev.slipstream.engine.weights.WeightUnit;

/**
 * One worker's part of what rows ask for, once the residual stream of all of them is there. The
 * rows that need the output head are divided anew among the workers.
 */
final class OutputPart {
  private static final RowKernels ROW_KERNELS = KernelSelection.rowKernels();

  private final TransformerPass pass;
  private final ModelConfig config;
  private final PassBuffers buffers;
  private final Batch batch;
  private final Worker worker;
  private final WorkShare share;
  private final Workspace workspace;

  OutputPart(TransformerPass pass, Batch batch, Worker worker) {
    this.pass = pass;
    this.config = pass.weights.config();
    this.buffers = pass.buffers;
    this.batch = batch;
    this.worker = worker;
    this.share = new WorkShare(batch.logitRows(), worker);
    this.workspace = pass.workspace(worker);
  }

  void run() {
    hidden();
    if (share.rows() > 0) {
      WeightUnit unit = pass.units.head();
      pass.residency.acquire(unit);
      try {
        logits();
      } finally {
        pass.residency.release(unit);
      }
    }
    if (batch.wantsEntropy()) {
      worker.barrier();
      entropies();
    }
  }

  private void hidden() {
    for (int row = 0; row < batch.rows(); row++) {
      int hiddenRow = batch.hiddenRow(row);
      if (hiddenRow >= 0 && hiddenRow % worker.count() == worker.index()) {
        norm(row, buffers.projected, hiddenRow);
      }
    }
  }

  private void logits() {
    for (int row = 0; row < batch.rows(); row++) {
      int logitRow = batch.logitRow(row);
      if (logitRow >= share.firstRow() && logitRow < share.endRow()) {
        norm(row, workspace.normed, logitRow - share.firstRow());
      }
    }
    int dimension = config.dimension();
    workspace.activations.pack(workspace.normed, 0, dimension, share.rows(), dimension);
    WeightMatrix head = pass.weights.head();
    int from = share.firstGroup(0, head.groups(), head.groups());
    int to = share.endGroup(0, head.groups(), head.groups());
    int size = config.vocabularySize();
    int at = share.firstRow() * size;
    head.multiply(workspace.activations, from, to, buffers.logits, at, size, worker);
    int first = head.firstRow(from);
    int count = head.firstRow(to) - first;
    for (int row = 0; row < share.rows(); row++) {
      finishLogits(at + row * size + first, count);
    }
  }

  /** Norms a row of the stream to the i-th row of {@code out}. */
  private void norm(int row, float[] out, int i) {
    int dimension = config.dimension();
    ROW_KERNELS.rmsNorm(
        buffers.stream,
        row * dimension,
        pass.weights.outputNorm(),
        config.normEpsilon(),
        out,
        i * dimension,
        dimension,
        workspace.partials);
  }

  private void finishLogits(int at, int count) {
    ScaleConfig scales = config.scales();
    PassPart.scale(buffers.logits, at, count, scales.logits());
    if (scales.logitCap() > 0) {
      float[] scratch = worker.scratch(0, count);
      ROW_KERNELS.softCap(buffers.logits, at, scales.logitCap(), count, scratch);
    }
  }

  private void entropies() {
    int size = config.vocabularySize();
    for (int row = 0; row < batch.rows(); row++) {
      int logitRow = batch.logitRow(row);
      if (batch.wantsEntropy(row) && logitRow % worker.count() == worker.index()) {
        buffers.entropies[logitRow] =
            ROW_KERNELS.entropy(buffers.logits, logitRow * size, size, worker.scratch(0, size));
      }
    }
  }
}
