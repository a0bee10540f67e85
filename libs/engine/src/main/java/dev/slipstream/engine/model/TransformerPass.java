package dev.slipstream.engine.model;

import dev.slipstream.engine.architecture.AttentionConfig;
import dev.slipstream.engine.architecture.BlockConfig;
import dev.slipstream.engine.architecture.FeedForwardConfig;
import dev.slipstream.engine.architecture.HeadConfig;
import dev.slipstream.engine.architecture.ModelConfig;
import dev.slipstream.engine.architecture.ScaleConfig;
import dev.slipstream.engine.attention.Attention;
import dev.slipstream.engine.attention.AttentionPlan;
import dev.slipstream.engine.attention.AttentionWorker;
import dev.slipstream.engine.kernel.KernelSelection;
import dev.slipstream.engine.kernel.RowKernels;
import dev.slipstream.engine.model.TransformerLayer.AttentionWeights;
import dev.slipstream.engine.model.TransformerLayer.FeedForwardWeights;
import dev.slipstream.engine.model.TransformerLayer.Linear;
import dev.slipstream.engine.runtime.Batch;
import dev.slipstream.engine.runtime.ComputePool;
import dev.slipstream.engine.runtime.ComputePool.Worker;
import dev.slipstream.engine.tensor.Activations;
import dev.slipstream.engine.tensor.WeightMatrix;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * One forward pass of a batch. All workers run the same program over their shares of the work and
 * meet at barriers, most of which passes of many rows do without; see {@link WorkShare}.
 *
 * <p>Buffers are row-major and sized once, for the largest batch.
 */
final class TransformerPass {
  private final TransformerWeights weights;
  private final ModelConfig config;
  private final ComputePool pool;
  private final RowKernels rowKernels = KernelSelection.rowKernels();
  private final HeadConfig heads;
  private final Attention attention;
  private final AttentionKind[] kinds;
  private final AttentionKind[] kindOfLayer;
  private final Workspace[] workspaces;
  private final int qkvWidth;

  private final float[] stream;
  private final float[] qkv;
  private final float[] attended;
  private final float[] projected;
  private final float[] gate;
  private final float[] up;
  private final float[] logits;

  /** Set to false by any worker; read after the pass. */
  private final boolean[] finite;

  private final Program program = new Program();

  TransformerPass(
      TransformerWeights weights, ComputePool pool, Attention attention, int rows, int logitRows) {
    this.weights = weights;
    this.config = weights.config();
    this.heads = config.heads();
    this.pool = pool;
    this.attention = attention;
    Map<AttentionConfig, AttentionKind> byConfig = new LinkedHashMap<>();
    this.kindOfLayer =
        config.blocks().stream()
            .map(b -> byConfig.computeIfAbsent(b.attention(), c -> new AttentionKind(c, rows)))
            .toArray(AttentionKind[]::new);
    this.kinds = byConfig.values().toArray(AttentionKind[]::new);
    this.qkvWidth = heads.queryDimension() + 2 * heads.kvDimension();
    this.workspaces = new Workspace[pool.threads()];
    for (int i = 0; i < workspaces.length; i++) {
      workspaces[i] = new Workspace(attention, config, WorkShare.maxRows(rows, workspaces.length));
    }
    this.stream = floats(rows, config.dimension());
    this.qkv = floats(rows, qkvWidth);
    this.attended = floats(rows, heads.queryDimension());
    this.projected = floats(rows, config.dimension());
    this.gate = floats(rows, config.hidden());
    this.up = floats(rows, config.hidden());
    this.logits = floats(logitRows, config.vocabularySize());
    this.finite = new boolean[rows];
  }

  /** Indices into it are products like its size, and cannot wrap where that does not. */
  private static float[] floats(int rows, int width) {
    return new float[Math.multiplyExact(rows, width)];
  }

  /** Bytes of the buffers of a pass, but for a few that do not grow with it. */
  static long bytes(ModelConfig config, int rows, int logitRows, int workers) {
    HeadConfig heads = config.heads();
    long width =
        2L * config.dimension()
            + 2L * heads.queryDimension()
            + 2L * heads.kvDimension()
            + 2L * config.hidden()
            + angles(config);
    long share = (long) widest(config) + config.dimension();
    long floats =
        rows * width
            + (long) workers * WorkShare.maxRows(rows, workers) * share
            + (long) logitRows * config.vocabularySize();
    return floats * Float.BYTES;
  }

  private static long angles(ModelConfig config) {
    return config.blocks().stream()
        .map(BlockConfig::attention)
        .distinct()
        .mapToLong(attention -> attention.rope().dimensions())
        .sum();
  }

  /** Columns of the widest matrix. */
  private static int widest(ModelConfig config) {
    int queries = config.heads().queryDimension();
    return Math.max(config.hidden(), Math.max(queries, config.dimension()));
  }

  /** What the layers with attention of one kind share in a pass. */
  private final class AttentionKind {
    final AttentionPlan plan;
    final Rope rope;
    final float[] angles;

    AttentionKind(AttentionConfig config, int rows) {
      this.plan = attention.plan(config.scale(), config.window(), pool.threads());
      this.rope = new Rope(config.rope(), weights.ropeFactors());
      this.angles = floats(rows, rope.angleCount());
    }
  }

  /** Memory of one worker. */
  private static final class Workspace {
    final AttentionWorker attention;
    final Activations activations;
    final float[] normed;
    final float[] partials = new float[RowKernels.PARTIALS];

    Workspace(Attention attention, ModelConfig config, int rows) {
      this.attention = attention.worker();
      this.activations = new Activations(rows, widest(config));
      this.normed = floats(rows, config.dimension());
    }
  }

  /** Runs the pass; logits are valid until the next one. */
  void run(Batch batch) {
    for (AttentionKind kind : kinds) {
      kind.plan.divide(batch);
    }
    Arrays.fill(finite, true);
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

  boolean isFinite(int row) {
    return finite[row];
  }

  /** What each worker does; an object so that a pass allocates next to nothing. */
  private final class Program implements ComputePool.Task {
    private Batch batch;

    @Override
    public void run(Worker worker) {
      new Part(batch, worker).run();
    }
  }

  /** One worker's part of one pass. */
  private final class Part {
    private final Batch batch;
    private final Worker worker;
    private final WorkShare share;
    private final Workspace workspace;
    private final Activations activations;

    Part(Batch batch, Worker worker) {
      this.batch = batch;
      this.worker = worker;
      this.share = new WorkShare(batch.rows(), worker);
      this.workspace = workspaces[worker.index()];
      this.activations = workspace.activations;
    }

    void run() {
      embed();
      for (int i = 0; i < weights.layers().size(); i++) {
        TransformerLayer layer = weights.layers().get(i);
        attend(layer.attention(), kindOfLayer[i], attention.slot(i));
        feedForward(layer.feedForward(), layer.config().feedForward());
      }
      checkStream();
      worker.barrier();
      project();
    }

    /**
     * What is not finite anywhere in a row's layers ends up in its stream, or was a key or value.
     */
    private void checkStream() {
      for (int row = 0; row < batch.rows(); row++) {
        if (share.owns(row, row)) {
          float sum = 0;
          for (int i = 0; i < config.dimension(); i++) {
            sum += 0 * stream[row * config.dimension() + i];
          }
          finite[row] &= sum == 0;
        }
      }
    }

    private void embed() {
      int dimension = config.dimension();
      for (int row = 0; row < batch.rows(); row++) {
        if (share.owns(row, row)) {
          weights.embedding().dequantizeRow(batch.token(row), stream, row * dimension);
          scale(stream, row * dimension, dimension, config.scales().embedding());
          for (AttentionKind kind : kinds) {
            Rope rope = kind.rope;
            rope.angles(batch.position(row), kind.angles, row * rope.angleCount());
          }
        }
      }
      share.meet();
    }

    private void attend(AttentionWeights layer, AttentionKind kind, int slot) {
      normAndPack(layer.norm());
      int queries = layer.query().weight().groups();
      int keys = layer.key().weight().groups();
      int all = queries + keys + layer.value().weight().groups();
      int keysAt = heads.queryDimension();
      multiply(layer.query(), 0, all, qkv, 0, qkvWidth);
      multiply(layer.key(), queries, all, qkv, keysAt, qkvWidth);
      multiply(layer.value(), queries + keys, all, qkv, keysAt + heads.kvDimension(), qkvWidth);
      share.meet();
      positionHeads(layer, kind, slot);
      worker.barrier();
      int width = heads.queryDimension();
      workspace.attention.attend(kind.plan, slot, qkv, qkvWidth, attended, width, worker);
      worker.barrier();
      pack(attended, width);
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
      int at = row * qkvWidth + head * width;
      boolean isQuery = head < heads.queries();
      float[] norm = isQuery ? layer.queryNorm() : layer.keyNorm();
      if (norm.length > 0) {
        float eps = config.normEpsilon();
        rowKernels.rmsNorm(qkv, at, norm, eps, qkv, at, width, workspace.partials);
      }
      kind.rope.rotate(qkv, at, kind.angles, row * kind.rope.angleCount());
      if (!isQuery) {
        int values = at + heads.kvDimension();
        int kvHead = head - heads.queries();
        if (!attention.store(batch, row, slot, kvHead, qkv, at, qkv, values)) {
          finite[row] = false;
        }
      }
    }

    private void feedForward(FeedForwardWeights layer, FeedForwardConfig shape) {
      int hidden = shape.hidden();
      normAndPack(layer.norm());
      multiply(layer.gate(), gate, hidden);
      multiply(layer.up(), up, hidden);
      int first = firstOutput(layer.gate());
      int count = endOutput(layer.gate()) - first;
      float[] scratch = worker.scratch(0, count);
      for (int row = share.firstRow(); row < share.endRow(); row++) {
        int at = row * hidden + first;
        switch (shape.activation()) {
          case SILU -> rowKernels.siluMultiply(gate, at, up, at, count, scratch);
          case GELU -> rowKernels.geluMultiply(gate, at, up, at, count, scratch);
        }
      }
      share.meet();
      pack(gate, hidden);
      addProduct(layer.down(), layer.postNorm());
    }

    private void normAndPack(float[] norm) {
      int dimension = config.dimension();
      for (int i = 0; i < share.rows(); i++) {
        int from = (share.firstRow() + i) * dimension;
        norm(from, norm, i);
      }
      activations.pack(workspace.normed, 0, dimension, share.rows(), dimension);
    }

    /** Norms a row of the stream to the i-th row of this worker's memory. */
    private void norm(int from, float[] norm, int i) {
      int dimension = config.dimension();
      float eps = config.normEpsilon();
      int to = i * dimension;
      rowKernels.rmsNorm(
          stream, from, norm, eps, workspace.normed, to, dimension, workspace.partials);
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
          rowKernels.add(out, at + row * stride + first, bias, first, count);
        }
      }
    }

    /** Adds a product, which may be normed first, to the residual stream. */
    private void addProduct(Linear linear, float[] postNorm) {
      int dimension = config.dimension();
      multiply(linear, projected, dimension);
      if (postNorm.length > 0) {
        share.meet();
        for (int row = 0; row < batch.rows(); row++) {
          if (share.owns(row, row)) {
            int at = row * dimension;
            float eps = config.normEpsilon();
            rowKernels.rmsNorm(
                projected, at, postNorm, eps, projected, at, dimension, workspace.partials);
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
      scale(projected, at, count, config.scales().residual());
      rowKernels.add(stream, at, projected, at, count);
    }

    private int firstOutput(Linear linear) {
      WeightMatrix weight = linear.weight();
      return weight.firstRow(share.firstGroup(0, weight.groups(), weight.groups()));
    }

    private int endOutput(Linear linear) {
      WeightMatrix weight = linear.weight();
      return weight.firstRow(share.endGroup(0, weight.groups(), weight.groups()));
    }

    /** Logits of the rows that asked for them, which are divided anew. */
    private void project() {
      WorkShare mine = new WorkShare(batch.logitRows(), worker);
      if (mine.rows() == 0) {
        return;
      }
      for (int row = 0; row < batch.rows(); row++) {
        int logitRow = batch.logitRow(row);
        if (logitRow >= mine.firstRow() && logitRow < mine.endRow()) {
          norm(row * config.dimension(), weights.outputNorm(), logitRow - mine.firstRow());
        }
      }
      int dimension = config.dimension();
      activations.pack(workspace.normed, 0, dimension, mine.rows(), dimension);
      WeightMatrix head = weights.head();
      int from = mine.firstGroup(0, head.groups(), head.groups());
      int to = mine.endGroup(0, head.groups(), head.groups());
      int at = mine.firstRow() * config.vocabularySize();
      head.multiply(activations, from, to, logits, at, config.vocabularySize(), worker);
      int first = head.firstRow(from);
      int count = head.firstRow(to) - first;
      for (int row = 0; row < mine.rows(); row++) {
        finishLogits(at + row * config.vocabularySize() + first, count);
      }
    }

    private void finishLogits(int at, int count) {
      ScaleConfig scales = config.scales();
      scale(logits, at, count, scales.logits());
      if (scales.logitCap() > 0) {
        rowKernels.softCap(logits, at, scales.logitCap(), count, worker.scratch(0, count));
      }
    }

    private static void scale(float[] x, int from, int count, float factor) {
      if (factor != 1) {
        for (int i = from; i < from + count; i++) {
          x[i] *= factor;
        }
      }
    }
  }
}
