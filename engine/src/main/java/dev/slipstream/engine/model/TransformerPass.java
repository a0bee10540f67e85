package dev.slipstream.engine.model;

import dev.slipstream.engine.attention.Attention;
import dev.slipstream.engine.kernel.KernelSelection;
import dev.slipstream.engine.kernel.RowKernels;
import dev.slipstream.engine.model.TransformerLayer.Linear;
import dev.slipstream.engine.runtime.Batch;
import dev.slipstream.engine.runtime.ComputePool;
import dev.slipstream.engine.runtime.ComputePool.Worker;
import dev.slipstream.engine.tensor.Activations;

/**
 * One forward pass of a batch. All workers run the same program over their shares and meet at
 * barriers: rows are shared out for element-wise work, matrix rows for products, heads for
 * attention.
 *
 * <p>Buffers are row-major and sized once, for the largest batch.
 */
final class TransformerPass {
  private final TransformerWeights weights;
  private final ModelConfig config;
  private final ComputePool pool;
  private final RowKernels rowKernels = KernelSelection.rowKernels();
  private final Attention attention;
  private final Attention.Scratch[] scratch;
  private final Rope rope;
  private final int qkvWidth;

  private final float[] stream;
  private final float[] normed;
  private final float[] qkv;
  private final float[] attended;
  private final float[] gate;
  private final float[] up;
  private final float[] angles;
  private final float[] logits;
  private final Activations activations;
  private final Program program = new Program();

  TransformerPass(
      TransformerWeights weights, ComputePool pool, Attention attention, int rows, int logitRows) {
    this.weights = weights;
    this.config = weights.config();
    this.pool = pool;
    this.attention = attention;
    this.rope = new Rope(config.rope(), weights.ropeFactors());
    this.qkvWidth = config.queryDimension() + 2 * config.kvDimension();
    this.scratch = new Attention.Scratch[pool.threads()];
    for (int i = 0; i < scratch.length; i++) {
      scratch[i] = new Attention.Scratch(config.headDimension());
    }
    this.stream = new float[rows * config.dimension()];
    this.normed = new float[rows * config.dimension()];
    this.qkv = new float[rows * qkvWidth];
    this.attended = new float[rows * config.queryDimension()];
    this.gate = new float[rows * config.hidden()];
    this.up = new float[rows * config.hidden()];
    this.angles = new float[rows * rope.angleCount()];
    this.logits = new float[logitRows * config.vocabularySize()];
    this.activations =
        new Activations(
            rows, Math.max(config.hidden(), Math.max(config.queryDimension(), config.dimension())));
  }

  /** Runs the pass; logits are valid until the next one. */
  void run(Batch batch) {
    program.batch = batch;
    try {
      pool.run(program);
    } finally {
      program.batch = null;
    }
  }

  float[] logits() {
    return logits;
  }

  /** What each worker does; an object so that a pass allocates nothing. */
  private final class Program implements ComputePool.Task {
    private Batch batch;

    @Override
    public void run(Worker worker) {
      embed(batch, worker);
      for (int i = 0; i < weights.layers().size(); i++) {
        TransformerLayer layer = weights.layers().get(i);
        attend(batch, layer, attention.slot(i), worker);
        feedForward(batch.rows(), layer, worker);
      }
      project(batch, worker);
    }
  }

  private void embed(Batch batch, Worker worker) {
    for (int row = worker.index(); row < batch.rows(); row += worker.count()) {
      weights.embedding().dequantizeRow(batch.token(row), stream, row * config.dimension());
      rope.angles(batch.position(row), angles, row * rope.angleCount());
    }
    worker.barrier();
  }

  private void attend(Batch batch, TransformerLayer layer, int slot, Worker worker) {
    int rows = batch.rows();
    normAndPack(layer.attentionNorm(), rows, worker);
    multiply(layer.query(), qkv, 0, qkvWidth, rows, worker);
    multiply(layer.key(), qkv, config.queryDimension(), qkvWidth, rows, worker);
    multiply(
        layer.value(), qkv, config.queryDimension() + config.kvDimension(), qkvWidth, rows, worker);
    worker.barrier();
    positionHeads(batch, layer, slot, worker);
    worker.barrier();
    attention.attend(
        batch,
        slot,
        qkv,
        qkvWidth,
        attended,
        config.queryDimension(),
        worker,
        scratch[worker.index()]);
    worker.barrier();
    pack(attended, config.queryDimension(), rows, worker);
    addProduct(layer.output(), rows, worker);
  }

  /** Norms and rotates queries and keys, and stores keys and values in the cache. */
  private void positionHeads(Batch batch, TransformerLayer layer, int slot, Worker worker) {
    int heads = config.heads() + config.kvHeads();
    int items = batch.rows() * heads;
    for (int item = worker.index(); item < items; item += worker.count()) {
      int row = item / heads;
      int head = item % heads;
      int at = row * qkvWidth + head * config.headDimension();
      boolean isQuery = head < config.heads();
      float[] norm = isQuery ? layer.queryNorm() : layer.keyNorm();
      if (norm.length > 0) {
        rowKernels.rmsNorm(qkv, at, norm, config.normEpsilon(), qkv, at, config.headDimension());
      }
      rope.rotate(qkv, at, angles, row * rope.angleCount());
      if (!isQuery) {
        attention.store(
            batch, row, slot, head - config.heads(), qkv, at, qkv, at + config.kvDimension());
      }
    }
  }

  private void feedForward(int rows, TransformerLayer layer, Worker worker) {
    int hidden = config.hidden();
    normAndPack(layer.feedForwardNorm(), rows, worker);
    multiply(layer.gate(), gate, 0, hidden, rows, worker);
    multiply(layer.up(), up, 0, hidden, rows, worker);
    int first = layer.gate().weight().firstRow(worker);
    int count = layer.gate().weight().endRow(worker) - first;
    float[] scratch = worker.scratch(0, count);
    for (int row = 0; row < rows; row++) {
      int at = row * hidden + first;
      rowKernels.siluMultiply(gate, at, up, at, count, scratch);
    }
    worker.barrier();
    pack(gate, hidden, rows, worker);
    addProduct(layer.down(), rows, worker);
  }

  private void normAndPack(float[] norm, int rows, Worker worker) {
    int dimension = config.dimension();
    for (int row = worker.index(); row < rows; row += worker.count()) {
      int at = row * dimension;
      rowKernels.rmsNorm(stream, at, norm, config.normEpsilon(), normed, at, dimension);
    }
    worker.barrier();
    pack(normed, dimension, rows, worker);
  }

  private void pack(float[] rowsOfFloats, int width, int rows, Worker worker) {
    activations.pack(rowsOfFloats, 0, width, rows, width, worker);
    worker.barrier();
  }

  private void multiply(
      Linear linear, float[] out, int offset, int stride, int rows, Worker worker) {
    linear.weight().multiply(activations, out, offset, stride, worker);
    float[] bias = linear.bias();
    if (bias.length > 0) {
      int first = linear.weight().firstRow(worker);
      int count = linear.weight().endRow(worker) - first;
      for (int row = 0; row < rows; row++) {
        rowKernels.add(out, offset + row * stride + first, bias, first, count);
      }
    }
  }

  /** Adds a product to the residual stream. */
  private void addProduct(Linear linear, int rows, Worker worker) {
    int dimension = config.dimension();
    multiply(linear, normed, 0, dimension, rows, worker);
    int first = linear.weight().firstRow(worker);
    int count = linear.weight().endRow(worker) - first;
    for (int row = 0; row < rows; row++) {
      rowKernels.add(stream, row * dimension + first, normed, row * dimension + first, count);
    }
    worker.barrier();
  }

  /** Logits of the rows that asked for them. */
  private void project(Batch batch, Worker worker) {
    int dimension = config.dimension();
    if (worker.index() == 0) {
      for (int row = 0; row < batch.rows(); row++) {
        int logitRow = batch.logitRow(row);
        if (logitRow >= 0) {
          rowKernels.rmsNorm(
              stream,
              row * dimension,
              weights.outputNorm(),
              config.normEpsilon(),
              normed,
              logitRow * dimension,
              dimension);
        }
      }
    }
    worker.barrier();
    if (batch.logitRows() == 0) {
      return;
    }
    pack(normed, dimension, batch.logitRows(), worker);
    weights.head().multiply(activations, logits, 0, config.vocabularySize(), worker);
  }
}
