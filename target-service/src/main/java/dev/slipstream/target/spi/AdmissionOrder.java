package dev.slipstream.target.spi;

import java.util.SequencedCollection;

/**
 * Which of those that wait is let into the batch next. Not asked about sequences that were in it
 * already and have lost their blocks to others: these have waited their turn.
 */
public interface AdmissionOrder {
  /** First come, first served. */
  AdmissionOrder ARRIVAL = SequencedCollection::getFirst;

  /**
   * @param waiting in the order in which they came; not empty
   * @return one of them. Until there is room for it, nobody is let in
   */
  <S extends SequenceView> S next(SequencedCollection<S> waiting);
}
