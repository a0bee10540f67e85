package dev.slipstream.engine.model;

import dev.slipstream.engine.architecture.AttentionConfig;
import dev.slipstream.engine.architecture.ModelConfig;
import dev.slipstream.engine.attention.Attention;
import dev.slipstream.engine.attention.AttentionPlan;
import dev.slipstream.engine.model.PassBuffers.Workspace;
import dev.slipstream.engine.runtime.Batch;
import dev.slipstream.engine.runtime.ComputePool;
import dev.slipstream.engine.runtime.ComputePool.Worker;
import dev.slipstream.engine.weights.Residency;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Forward passes of batches up to some size. All workers run the same program over their shares of
 * the work ({@link PassPart}) and meet at barriers, most of which passes of many rows do without;
 * see {@link WorkShare}.
 */
final class TransformerPass {
  final TransformerWeights weights;
  final ModelUnits units;
  final Residency residency;
  final Attention attention;
  final PassBuffers buffers;
  final AttentionKind[] kinds;
  private final AttentionKind[] kindOfLayer;
  private final Workspace[] workspaces;
  private final ComputePool pool;
  private final PassResult result;

  TransformerPass(
      TransformerWeights weights,
      ModelUnits units,
      Residency residency,
      ComputePool pool,
      Attention attention,
      int rows,
      int logitRows) {
    this.weights = weights;
    this.units = units;
    this.residency = residency;
    this.pool = pool;
    this.attention = attention;
    ModelConfig config = weights.config();
    Map<AttentionConfig, AttentionKind> byConfig = new LinkedHashMap<>();
    this.kindOfLayer =
        config.blocks().stream()
            .map(b -> byConfig.computeIfAbsent(b.attention(), c -> kind(c, rows)))
            .toArray(AttentionKind[]::new);
    this.kinds = byConfig.values().toArray(AttentionKind[]::new);
    this.workspaces = new Workspace[pool.threads()];
    for (int i = 0; i < workspaces.length; i++) {
      workspaces[i] = new Workspace(attention, config, WorkShare.maxRows(rows, workspaces.length));
    }
    this.buffers = new PassBuffers(config, rows, logitRows);
    this.result =
        new PassResult(
            buffers.finite,
            config.vocabularySize(),
            buffers.logits,
            buffers.entropies,
            config.dimension(),
            buffers.projected);
  }

  /**
   * What the layers with attention of one kind share in a pass.
   *
   * @param angles of every row, as {@link Rope#angles} writes them
   */
  record AttentionKind(AttentionPlan plan, Rope rope, float[] angles) {}

  private AttentionKind kind(AttentionConfig config, int rows) {
    Rope rope = new Rope(config.rope(), weights.ropeFactors());
    int kvHeads = weights.config().heads().keyValues();
    return new AttentionKind(
        attention.plan(kvHeads, config.scale(), config.window(), pool.threads()),
        rope,
        PassBuffers.floats(rows, rope.angleCount()));
  }

  AttentionKind kindOfLayer(int layer) {
    return kindOfLayer[layer];
  }

  Workspace workspace(Worker worker) {
    return workspaces[worker.index()];
  }

  /** Runs a pass; the result is valid until the next one. */
  PassResult run(Batch batch) {
    for (AttentionKind kind : kinds) {
      kind.plan().divide(batch);
    }
    Arrays.fill(buffers.finite, true);
    Arrays.fill(buffers.entropies, Float.NaN);
    if (batch.rows() > 0) {
      pool.run(worker -> new PassPart(this, batch, worker).run());
    }
    return result;
  }
}
