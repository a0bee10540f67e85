package dev.slipstream.draft;

import dev.slipstream.draft.application.DraftVocabulary;
import dev.slipstream.models.catalog.ModelResolver;
import dev.slipstream.models.catalog.ProgressListener;
import dev.slipstream.models.catalog.ResolvedModel;
import dev.slipstream.models.gguf.GgufFile;
import dev.slipstream.text.tokenizer.Tokenizer;
import java.io.IOException;
import java.io.UncheckedIOException;

/** Reads the vocabulary of a model file; a file without weights will do. */
final class ModelVocabulary {
  private ModelVocabulary() {}

  /**
   * @param reference as in {@link ModelResolver#resolve}
   * @throws dev.slipstream.models.catalog.ModelUnavailableException if the model cannot be had
   * @throws dev.slipstream.models.gguf.ModelFormatException if its file is no good
   */
  static DraftVocabulary load(String reference) {
    try {
      ResolvedModel model =
          ModelResolver.ofEnvironment().resolve(reference, ProgressListener.SILENT);
      try (GgufFile file = GgufFile.open(model.file())) {
        Tokenizer tokenizer = Tokenizer.of(file.metadata());
        return new DraftVocabulary(tokenizer.digest(), tokenizer.size());
      }
    } catch (IOException e) {
      throw new UncheckedIOException("the model '" + reference + "' cannot be read", e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted while fetching '" + reference + "'", e);
    }
  }
}
