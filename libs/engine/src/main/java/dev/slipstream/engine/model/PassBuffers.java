package dev.slipstream.engine.model;

import dev.slipstream.engine.architecture.BlockConfig;
import dev.slipstream.engine.architecture.HeadConfig;
import dev.slipstream.engine.architecture.ModelConfig;
import dev.slipstream.engine.attention.Attention;
import dev.slipstream.engine.attention.AttentionWorker;
import dev.slipstream.engine.kernel.RowKernels;
import dev.slipstream.engine.tensor.Activations;

/** Memory of passes, row-major and taken once, for the largest batch. */
final class PassBuffers {
  /** Elements of queries, keys and values of a row, which lie side by side. */
  final int qkvWidth;

  final float[] stream;
  final float[] qkv;
  final float[] attended;

  /** What is about to be added to the stream; behind the last block, hidden states. */
  final float[] projected;

  final float[] gate;
  final float[] up;
  final float[] logits;
  final float[] entropies;

  /** Set to false by any worker; read after the pass. */
  final boolean[] finite;

  PassBuffers(ModelConfig config, int rows, int logitRows) {
    HeadConfig heads = config.heads();
    this.qkvWidth = heads.queryDimension() + 2 * heads.kvDimension();
    this.stream = floats(rows, config.dimension());
    this.qkv = floats(rows, qkvWidth);
    this.attended = floats(rows, heads.queryDimension());
    this.projected = floats(rows, config.dimension());
    this.gate = floats(rows, config.hidden());
    this.up = floats(rows, config.hidden());
    this.logits = floats(logitRows, config.vocabularySize());
    this.entropies = new float[logitRows];
    this.finite = new boolean[rows];
  }

  /** Indices into it are products like its size, and cannot wrap where that does not. */
  static float[] floats(int rows, int width) {
    return new float[Math.multiplyExact(rows, width)];
  }

  /** Bytes that passes take, but for a few that do not grow with them. */
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

  /** Memory of one worker. */
  static final class Workspace {
    final AttentionWorker attention;
    final Activations activations;
    final float[] normed;
    final float[] partials = new float[RowKernels.PARTIALS];

    /**
     * @param rows most rows of a worker's share
     */
    Workspace(Attention attention, ModelConfig config, int rows) {
      this.attention = attention.worker();
      this.activations = new Activations(rows, widest(config));
      this.normed = floats(rows, config.dimension());
    }
  }
}
