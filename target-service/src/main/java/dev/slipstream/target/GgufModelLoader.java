package dev.slipstream.target;

import dev.slipstream.engine.cache.KvFormat;
import dev.slipstream.engine.model.LanguageModel;
import dev.slipstream.engine.runtime.ComputePool;
import dev.slipstream.models.catalog.ModelResolver;
import dev.slipstream.models.catalog.ProgressListener;
import dev.slipstream.models.catalog.ResolvedModel;
import dev.slipstream.models.gguf.GgmlType;
import dev.slipstream.models.gguf.GgufFile;
import dev.slipstream.models.gguf.GgufTensor;
import dev.slipstream.target.application.LoopSettings;
import dev.slipstream.target.application.ServedModel;
import java.io.IOException;
import java.util.EnumMap;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Finds or fetches the configured model and loads it. */
final class GgufModelLoader implements ModelLoader {
  private static final Logger log = LoggerFactory.getLogger(GgufModelLoader.class);

  private final TargetProperties properties;
  private final BatchProperties batch;

  GgufModelLoader(TargetProperties properties, BatchProperties batch) {
    this.properties = properties;
    this.batch = batch;
  }

  @Override
  public LoadedModel load() throws IOException, InterruptedException {
    ResolvedModel resolved =
        ModelResolver.ofEnvironment().resolve(properties.model(), new ProgressLog());
    ComputePool pool = new ComputePool(KvBudget.threads(properties));
    try {
      KvFormat format = batch.kvCache().format();
      return loaded(resolved, LanguageModel.load(resolved.file(), format, pool), pool);
    } catch (IOException | RuntimeException | Error e) {
      pool.close();
      throw e;
    }
  }

  private LoadedModel loaded(ResolvedModel resolved, LanguageModel model, ComputePool pool)
      throws IOException {
    try {
      reserve(model);
      return new LoadedModel(
          served(resolved, model),
          model.vocabulary(),
          pool.threads() + " threads",
          () -> {
            model.close();
            pool.close();
          });
    } catch (IOException | RuntimeException | Error e) {
      model.close();
      throw e;
    }
  }

  private void reserve(LanguageModel model) {
    int rows = batch.maxBatchRows();
    try {
      model.reserve(
          rows, LoopSettings.maxLogitRows(rows, batch.maxRunning(), batch.maxDraftTokens()));
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException(
          "slipstream.target.max-batch-rows is too large: " + e.getMessage(), e);
    }
  }

  private ServedModel served(ResolvedModel resolved, LanguageModel model) throws IOException {
    return new ServedModel(
        properties.modelId().isBlank() ? resolved.id() : properties.modelId(),
        new ServedModel.Weights(model.config().architecture(), format(resolved), resolved.sha256()),
        new ServedModel.Tokens(
            model.tokenizer().digest(),
            model.config().vocabularySize(),
            model.tokenizer().endTokens()),
        model.config().contextLength(),
        model.kvLayout(),
        model);
  }

  /** What most bytes of the matrices are in: a model's own name for it may be anything. */
  private static String format(ResolvedModel resolved) throws IOException {
    Map<GgmlType, Long> bytes = new EnumMap<>(GgmlType.class);
    try (GgufFile file = GgufFile.open(resolved.file())) {
      for (GgufTensor tensor : file.tensors()) {
        if (tensor.shape().size() > 1) {
          bytes.merge(tensor.type(), tensor.data().byteSize(), Long::sum);
        }
      }
    }
    return bytes.entrySet().stream()
        .max(Map.Entry.comparingByValue())
        .map(most -> most.getKey().name())
        .orElse("");
  }

  /** A line for every tenth of a download. */
  private static final class ProgressLog implements ProgressListener {
    private long tenths;

    @Override
    public void progress(String what, long done, long total) {
      long now = total > 0 ? 10 * done / total : 0;
      if (now > tenths) {
        log.info("fetching {}: {} %", what, 10 * now);
      }
      tenths = now;
    }

    @Override
    public void note(String message) {
      log.info(message);
    }
  }
}
