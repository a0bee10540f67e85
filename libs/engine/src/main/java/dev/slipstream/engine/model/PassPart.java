package dev.slipstream.engine.model;

import dev.slipstream.engine.architecture.FeedForwardConfig;
import dev.slipstream.engine.architecture.HeadConfig;
import dev.slipstream.engine.architecture.ModelConfig;
import dev.slipstream.engine.kernel.KernelSelection;
import dev.slipstream.engine.kernel.RowKernels;
import dev.slipstream.engine.model.PassBuffers.Workspace;
import dev.slipstream.engine.model.TransformerLayer.AttentionWeights;
import dev.slipstream.engine.model.TransformerLayer.FeedForwardWeights;
import dev.slipstream.engine.model.TransformerLayer.Linear;
import dev.slipstream.engine.model.TransformerPass.AttentionKind;
import dev.slipstream.engine.runtime.Batch;
import dev.slipstream.engine.runtime.ComputePool.Worker;
import dev.slipstream.engine.tensor.Activations;
import dev.slipstream.engine.tensor.WeightMatrix;
import dev.slipstream.engine.weights.Residency;
import dev.slipstream.engine.weights.WeightUnit;

/** One worker's part of one pass: from the tokens through all blocks to what the rows ask for. */
final class PassPart {
  private static final RowKernels ROW_KERNELS = KernelSelection.rowKernels();

  private final TransformerPass pass;
  private final ModelConfig config;
  private final HeadConfig heads;
  private final Residency residency;
  private final PassBuffers buffers;
  private final Batch batch;
  private final Worker worker;
  private final WorkShare share;
  private final Workspace workspace;
  private final Activations activations;

  PassPart(TransformerPass pass, Batch batch, Worker worker) {
    this.pass = pass;
    this.config = pass.weights.config();
    this.heads = config.heads();
    this.residency = pass.residency;
    this.buffers = pass.buffers;
    this.batch = batch;
    this.worker = worker;
    this.share = new WorkShare(batch.rows(), worker);
    this.workspace = pass.workspace(worker);
    this.activations = workspace.activations;
  }

  void run() {
    embed();
    for (int i = 0; i < pass.weights.layers().size(); i++) {
      TransformerLayer layer = pass.weights.layers().get(i);
      attend(layer.attention(), i);
      feedForward(layer.feedForward(), layer.config().feedForward(), i);
    }
    checkStream();
    worker.barrier();
    new OutputPart(pass, batch, worker).run();
  }

  /** What is not finite anywhere in a row's layers ends up in its stream, or was a key or value. */
  private void checkStream() {
    for (int row = 0; row < batch.rows(); row++) {
      if (share.owns(row, row)) {
        float sum = 0;
        for (int i = 0; i < config.dimension(); i++) {
          sum += 0 * buffers.stream[row * config.dimension() + i];
        }
        buffers.finite[row] &= sum == 0;
      }
    }
  }

  private void embed() {
    WeightUnit unit = pass.units.embedding();
    residency.acquire(unit);
    try {
      for (int row = 0; row < batch.rows(); row++) {
        if (share.owns(row, row)) {
          embed(row);
        }
      }
    } finally {
      residency.release(unit);
    }
    share.meet();
  }

  private void embed(int row) {
    int dimension = config.dimension();
    float[] stream = buffers.stream;
    pass.weights.embedding().dequantizeRow(batch.token(row), stream, row * dimension);
    scale(stream, row * dimension, dimension, config.scales().embedding());
    for (AttentionKind kind : pass.kinds) {
      Rope rope = kind.rope();
      rope.angles(batch.position(row), kind.angles(), row * rope.angleCount());
    }
  }

  private void attend(AttentionWeights layer, int index) {
    WeightUnit unit = pass.units.attention().get(index);
    residency.acquire(unit);
    try {
      computeAttention(layer, index);
    } finally {
      residency.release(unit);
    }
  }

  private void computeAttention(AttentionWeights layer, int index) {
    AttentionKind kind = pass.kindOfLayer(index);
    normAndPack(layer.norm());
    int queries = layer.query().weight().groups();
    int keys = layer.key().weight().groups();
    int all = queries + keys + layer.value().weight().groups();
    int keysAt = heads.queryDimension();
    int valuesAt = keysAt + heads.kvDimension();
    float[] qkv = buffers.qkv;
    int stride = buffers.qkvWidth;
    multiply(layer.query(), 0, all, qkv, 0, stride);
    multiply(layer.key(), queries, all, qkv, keysAt, stride);
    multiply(layer.value(), queries + keys, all, qkv, valuesAt, stride);
    share.meet();
    positionHeads(layer, kind, pass.attention.slot(index));
    worker.barrier();
    int width = heads.queryDimension();
    workspace.attention.attend(kind.plan(), index, qkv, stride, buffers.attended, width, worker);
    worker.barrier();
    pack(buffers.attended, width);
    addProduct(layer.output(), layer.postNorm());
  }

  /** Norms and rotates queries and keys, and stores keys and values in the cache. */
  private void positionHeads(AttentionWeights layer, AttentionKind kind, int slot) {
    int count = heads.queries() + heads.keyValues();
    for (int item = 0; item < batch.rows() * count; item++) {
      int row = item / count;
      if (share.owns(row, item)) {
        positionHead(layer, kind, slot, row, item % count);
      }
    }
  }

  private void positionHead(
      AttentionWeights layer, AttentionKind kind, int slot, int row, int head) {
    int width = heads.dimension();
    float[] qkv = buffers.qkv;
    int at = row * buffers.qkvWidth + head * width;
    boolean isQuery = head < heads.queries();
    float[] norm = isQuery ? layer.queryNorm() : layer.keyNorm();
    if (norm.length > 0) {
      norm(qkv, at, norm, qkv, at, width);
    }
    kind.rope().rotate(qkv, at, kind.angles(), row * kind.rope().angleCount());
    if (!isQuery) {
      int values = at + heads.kvDimension();
      int kvHead = head - heads.queries();
      if (!pass.attention.store(batch, row, slot, kvHead, qkv, at, qkv, values)) {
        buffers.finite[row] = false;
      }
    }
  }

  private void feedForward(FeedForwardWeights layer, FeedForwardConfig shape, int index) {
    WeightUnit unit = pass.units.feedForward().get(index);
    residency.acquire(unit);
    try {
      computeFeedForward(layer, shape);
    } finally {
      residency.release(unit);
    }
  }

  private void computeFeedForward(FeedForwardWeights layer, FeedForwardConfig shape) {
    int hidden = shape.hidden();
    float[] gate = buffers.gate;
    float[] up = buffers.up;
    normAndPack(layer.norm());
    multiply(layer.gate(), gate, hidden);
    multiply(layer.up(), up, hidden);
    int first = firstOutput(layer.gate());
    int count = endOutput(layer.gate()) - first;
    float[] scratch = worker.scratch(0, count);
    for (int row = share.firstRow(); row < share.endRow(); row++) {
      int at = row * hidden + first;
      switch (shape.activation()) {
        case SILU -> ROW_KERNELS.siluMultiply(gate, at, up, at, count, scratch);
        case GELU -> ROW_KERNELS.geluMultiply(gate, at, up, at, count, scratch);
      }
    }
    share.meet();
    pack(gate, hidden);
    addProduct(layer.down(), layer.postNorm());
  }

  /** Norms this worker's rows of the stream, and packs them. */
  private void normAndPack(float[] norm) {
    int dimension = config.dimension();
    for (int i = 0; i < share.rows(); i++) {
      int from = (share.firstRow() + i) * dimension;
      norm(buffers.stream, from, norm, workspace.normed, i * dimension, dimension);
    }
    activations.pack(workspace.normed, 0, dimension, share.rows(), dimension);
  }

  private void norm(float[] x, int from, float[] norm, float[] out, int to, int width) {
    ROW_KERNELS.rmsNorm(x, from, norm, config.normEpsilon(), out, to, width, workspace.partials);
  }

  private void pack(float[] x, int width) {
    activations.pack(x, share.firstRow() * width, width, share.rows(), width);
  }

  private void multiply(Linear linear, float[] out, int stride) {
    multiply(linear, 0, linear.weight().groups(), out, 0, stride);
  }

  /** Multiplies with this worker's part of a matrix; see {@link WorkShare#firstGroup}. */
  private void multiply(Linear linear, int before, int all, float[] out, int offset, int stride) {
    WeightMatrix weight = linear.weight();
    int from = share.firstGroup(before, all, weight.groups());
    int to = share.endGroup(before, all, weight.groups());
    int at = offset + share.firstRow() * stride;
    weight.multiply(activations, from, to, out, at, stride, worker);
    float[] bias = linear.bias();
    if (bias.length > 0) {
      int first = weight.firstRow(from);
      int count = weight.firstRow(to) - first;
      for (int row = 0; row < share.rows(); row++) {
        ROW_KERNELS.add(out, at + row * stride + first, bias, first, count);
      }
    }
  }

  /** Adds a product, which may be normed first, to the residual stream. */
  private void addProduct(Linear linear, float[] postNorm) {
    int dimension = config.dimension();
    float[] projected = buffers.projected;
    multiply(linear, projected, dimension);
    if (postNorm.length > 0) {
      share.meet();
      for (int row = 0; row < batch.rows(); row++) {
        if (share.owns(row, row)) {
          int at = row * dimension;
          norm(projected, at, postNorm, projected, at, dimension);
          add(at, dimension);
        }
      }
    } else {
      int first = firstOutput(linear);
      int count = endOutput(linear) - first;
      for (int row = share.firstRow(); row < share.endRow(); row++) {
        add(row * dimension + first, count);
      }
    }
    share.meet();
  }

  private void add(int at, int count) {
    scale(buffers.projected, at, count, config.scales().residual());
    ROW_KERNELS.add(buffers.stream, at, buffers.projected, at, count);
  }

  private int firstOutput(Linear linear) {
    WeightMatrix weight = linear.weight();
    return weight.firstRow(share.firstGroup(0, weight.groups(), weight.groups()));
  }

  private int endOutput(Linear linear) {
    WeightMatrix weight = linear.weight();
    return weight.firstRow(share.endGroup(0, weight.groups(), weight.groups()));
  }

  static void scale(float[] x, int from, int count, float factor) {
    if (factor != 1) {
      for (int i = from; i < from + count; i++) {
        x[i] *= factor;
      }
    }
  }
}
