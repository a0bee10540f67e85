package dev.slipstream.target.toy;

import dev.slipstream.target.spi.AdmissionOrder;
import dev.slipstream.target.spi.SequenceView;
import java.util.Comparator;
import java.util.SequencedCollection;

/** Short jobs first, by the one length that is known. */
public final class ShortestPromptFirst implements AdmissionOrder {
  @Override
  public <S extends SequenceView> S next(SequencedCollection<S> waiting) {
    return waiting.stream().min(Comparator.comparingInt(SequenceView::promptTokens)).orElseThrow();
  }
}
