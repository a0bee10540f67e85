package dev.slipstream.engine.model;

import dev.slipstream.engine.attention.Attention;
import dev.slipstream.engine.cache.KvLayout;
import dev.slipstream.engine.runtime.Batch;
import dev.slipstream.engine.runtime.ComputePool;
import dev.slipstream.engine.tensor.WeightCache;
import dev.slipstream.models.gguf.GgufFile;
import dev.slipstream.models.gguf.GgufMetadata;
import dev.slipstream.text.tokenizer.Tokenizer;
import java.io.IOException;
import java.nio.file.Path;

/**
 * A loaded model: weights, tokenizer, and the one entry point for compute, {@link #forward}.
 *
 * <p>One thread at a time may call {@code forward}; everything else is immutable.
 */
public final class LanguageModel implements AutoCloseable {
  private final GgufFile file;
  private final TransformerWeights weights;
  private final Tokenizer tokenizer;
  private final ComputePool pool;
  private final KvLayout layout;
  private final Attention attention;
  private TransformerPass pass;
  private int passRows;
  private int passLogitRows;

  private LanguageModel(
      GgufFile file, TransformerWeights weights, Tokenizer tokenizer, ComputePool pool) {
    this.file = file;
    this.weights = weights;
    this.tokenizer = tokenizer;
    this.pool = pool;
    ModelConfig config = weights.config();
    this.layout = KvLayout.perLayer(config.layers(), config.kvHeads(), config.headDimension());
    this.attention = new Attention(layout, config.heads(), config.attentionScale());
  }

  /**
   * Loads a GGUF file.
   *
   * @param pool computes the passes; the caller closes it after the model
   * @throws dev.slipstream.models.gguf.ModelFormatException if the file is damaged, or of a kind
   *     that is not supported
   */
  public static LanguageModel load(Path path, ComputePool pool) throws IOException {
    WeightCache cache = new WeightCache(path);
    GgufFile file = GgufFile.open(path);
    try {
      Tokenizer tokenizer = Tokenizer.of(file.metadata());
      TransformerWeights weights =
          cache.load(pool, memory -> TransformerWeights.load(file, pool, memory));
      return new LanguageModel(file, weights, tokenizer, pool);
    } catch (RuntimeException | Error e) {
      file.close();
      throw e;
    }
  }

  public ModelConfig config() {
    return weights.config();
  }

  public Tokenizer tokenizer() {
    return tokenizer;
  }

  public GgufMetadata metadata() {
    return file.metadata();
  }

  /** The metadata as a GGUF file without tensors. */
  public byte[] vocabulary() {
    return file.header();
  }

  public KvLayout kvLayout() {
    return layout;
  }

  /**
   * Computes a batch: writes the KV of every row to its place, and logits for the rows that asked.
   *
   * @throws IllegalArgumentException if a row has a token outside of the vocabulary; nothing was
   *     written then
   */
  public void forward(Batch batch) {
    for (int row = 0; row < batch.rows(); row++) {
      if (batch.token(row) < 0 || batch.token(row) >= config().vocabularySize()) {
        throw new IllegalArgumentException(
            "token %d is outside of the vocabulary of %d"
                .formatted(batch.token(row), config().vocabularySize()));
      }
    }
    if (batch.rows() == 0) {
      return;
    }
    if (pass == null || batch.capacity() > passRows || batch.maxLogitRows() > passLogitRows) {
      passRows = Math.max(passRows, batch.capacity());
      passLogitRows = Math.max(passLogitRows, batch.maxLogitRows());
      pass = new TransformerPass(weights, pool, attention, passRows, passLogitRows);
    }
    pass.run(batch);
  }

  /** Logits of the last pass; see {@link #logitsOffset}. */
  public float[] logits() {
    return pass.logits();
  }

  /** Where the {@code vocabularySize} logits of the n-th row with logits start. */
  public int logitsOffset(int logitRow) {
    return logitRow * config().vocabularySize();
  }

  /**
   * Whether all that the last pass computed for a row was finite. If not, its KV is no better than
   * its logits: what cannot be stored was replaced.
   */
  public boolean isFinite(int row) {
    return pass.isFinite(row);
  }

  @Override
  public void close() {
    file.close();
  }
}
