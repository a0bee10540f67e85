package dev.slipstream.engine.model;

import dev.slipstream.engine.architecture.HeadConfig;
import dev.slipstream.engine.architecture.ModelConfig;
import dev.slipstream.engine.attention.Attention;
import dev.slipstream.engine.cache.KvFormat;
import dev.slipstream.engine.cache.KvLayout;
import dev.slipstream.engine.cache.encoding.NamedEncoding;
import dev.slipstream.engine.runtime.Batch;
import dev.slipstream.engine.runtime.ComputePool;
import dev.slipstream.engine.tensor.WeightCache;
import dev.slipstream.engine.weights.Pinned;
import dev.slipstream.engine.weights.Residency;
import dev.slipstream.engine.weights.WeightUnit;
import dev.slipstream.models.gguf.GgufFile;
import dev.slipstream.models.gguf.GgufMetadata;
import dev.slipstream.text.tokenizer.Tokenizer;
import java.io.IOException;
import java.nio.channels.ClosedByInterruptException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * A loaded model: weights, tokenizer, and the one entry point for compute, {@link #forward}.
 *
 * <p>One thread at a time may call {@code forward}; everything else is immutable.
 */
public final class LanguageModel implements ForwardPass, AutoCloseable {
  /** Elements of the longest array that every JVM makes. */
  private static final int MAX_FLOATS = Integer.MAX_VALUE - 8;

  private final GgufFile file;
  private final TransformerWeights weights;
  private final Tokenizer tokenizer;
  private final ComputePool pool;
  private final KvLayout layout;
  private final Attention attention;
  private final ModelUnits units;
  private final Residency residency;
  private @Nullable TransformerPass pass;
  private int passRows;
  private int passLogitRows;

  private LanguageModel(
      GgufFile file,
      TransformerWeights weights,
      Tokenizer tokenizer,
      KvLayout layout,
      ComputePool pool,
      Function<List<WeightUnit>, Residency> policy) {
    this.file = file;
    this.weights = weights;
    this.tokenizer = tokenizer;
    this.pool = pool;
    this.layout = layout;
    this.attention = new Attention(layout, weights.config().heads().queries());
    this.units = ModelUnits.of(weights);
    this.residency = policy.apply(units.inOrder());
  }

  /** Loads a GGUF file with the usual KV. */
  public static LanguageModel load(Path path, ComputePool pool) throws IOException {
    return load(path, NamedEncoding.DEFAULT, pool);
  }

  /** Loads a GGUF file whose weights stay in memory. */
  public static LanguageModel load(Path path, KvFormat format, ComputePool pool)
      throws IOException {
    return load(path, format, pool, units -> new Pinned());
  }

  /**
   * Loads a GGUF file.
   *
   * @param format how keys and values are kept, in all layers
   * @param pool computes the passes; the caller closes it after the model
   * @param policy gets the units of the model, all of them in memory, in the order in which a pass
   *     needs them (embeddings that are the output head, too, come twice); closed with the model
   * @throws IllegalArgumentException if KV blocks of this format would be too large
   * @throws dev.slipstream.models.gguf.ModelFormatException if the file is damaged, of a kind that
   *     is not supported, or larger than this machine's memory
   * @throws CancellationException soon after the calling thread was interrupted, which it stays;
   *     nothing half done is left behind
   */
  public static LanguageModel load(
      Path path, KvFormat format, ComputePool pool, Function<List<WeightUnit>, Residency> policy)
      throws IOException {
    try {
      return open(path, format, pool, policy);
    } catch (ClosedByInterruptException e) {
      CancellationException cancelled = new CancellationException("loading was interrupted");
      cancelled.initCause(e);
      throw cancelled;
    }
  }

  private static LanguageModel open(
      Path path, KvFormat format, ComputePool pool, Function<List<WeightUnit>, Residency> policy)
      throws IOException {
    WeightCache cache = new WeightCache(path);
    GgufFile file = GgufFile.open(path);
    try {
      Tokenizer tokenizer = Tokenizer.of(file.metadata());
      ModelConfig config = TransformerWeights.check(file, tokenizer.size());
      HeadConfig heads = config.heads();
      int layers = config.blocks().size();
      KvLayout layout = KvLayout.perLayer(layers, heads.keyValues(), heads.dimension(), format);
      TransformerWeights weights =
          cache.load(pool, memory -> TransformerWeights.load(file, config, pool, memory));
      return new LanguageModel(file, weights, tokenizer, layout, pool, policy);
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
   * Takes the memory for batches of up to so many rows, which else the first such batch does.
   *
   * @throws IllegalArgumentException if the heap has no room for it; nothing has changed then
   */
  public void reserve(int rows, int logitRows) {
    passFor(rows, logitRows);
  }

  private TransformerPass passFor(int rows, int logitRows) {
    if (pass != null && rows <= passRows && logitRows <= passLogitRows) {
      return pass;
    }
    int allRows = Math.max(rows, passRows);
    int allLogitRows = Math.max(logitRows, passLogitRows);
    long bytes = PassBuffers.bytes(config(), allRows, allLogitRows, pool.threads());
    long heap = Runtime.getRuntime().maxMemory();
    if (bytes > heap || (long) allLogitRows * config().vocabularySize() > MAX_FLOATS) {
      throw new IllegalArgumentException(
          ("a batch of %d rows, %d of them with logits, takes %.1f MB with this model, and the heap"
                  + " has %.1f MB: take a smaller batch or a larger heap")
              .formatted(allRows, allLogitRows, bytes / 1e6, heap / 1e6));
    }
    pass = new TransformerPass(weights, units, residency, pool, attention, allRows, allLogitRows);
    passRows = allRows;
    passLogitRows = allLogitRows;
    return pass;
  }

  /**
   * @throws IllegalArgumentException if a row has a token outside of the vocabulary or a sequence
   *     of another model's pool, or as {@link #reserve}; nothing was written then
   */
  @Override
  public PassResult forward(Batch batch) {
    for (int row = 0; row < batch.rows(); row++) {
      check(batch, row);
    }
    return passFor(batch.capacity(), batch.maxLogitRows()).run(batch);
  }

  private void check(Batch batch, int row) {
    if (batch.token(row) < 0 || batch.token(row) >= config().vocabularySize()) {
      throw new IllegalArgumentException(
          "token %d is outside of the vocabulary of %d"
              .formatted(batch.token(row), config().vocabularySize()));
    }
    KvLayout other = batch.sequence(row).pool().layout();
    if (other != layout && !other.equals(layout)) {
      throw new IllegalArgumentException(
          "a sequence with the KV layout %s does not fit a model with %s".formatted(other, layout));
    }
  }

  @Override
  public void close() {
    residency.close();
    file.close();
  }
}
